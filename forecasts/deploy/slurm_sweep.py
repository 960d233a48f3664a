"""A sweep on SLURM: dask-jobqueue starts workers, and the usual command hands them scenarios.

``python slurm_sweep.py SCENARIOS.toml --folder sweeps/january``, on a login node or in a job of its
own, where gridtool[cluster] and dask-jobqueue are installed on a file system that the nodes share.
Compile there first, once for all nodes of its kind: ``gridtool whatif SCENARIOS.toml --workers 1``,
with Ctrl-C after the first scenarios. However it ends, the same command goes on where it was.
"""

import signal
import subprocess
import sys

import dask
from dask_jobqueue import SLURMCluster

JOBS = 4

# A block of scenarios whose worker died is tried once elsewhere, then each of them by itself.
dask.config.set({"distributed.scheduler.allowed-failures": 1})
# Ctrl-C is for gridtool, which keeps what is done; the workers stay until it has.
signal.signal(signal.SIGINT, lambda *_: None)

with SLURMCluster(
    queue="standard",
    account="planning",
    walltime="02:00:00",
    cores=16,
    processes=16,  # a worker computes one block at a time
    memory="32GB",
    # interface="ib0",  if the nodes do not reach the first network address of this one
    job_script_prologue=["export OMP_NUM_THREADS=1"],
    # Workers leave before SLURM ends them, and not all at once; others take their place.
    worker_extra_args=["--lifetime", "110m", "--lifetime-stagger", "5m"],
) as cluster:
    cluster.adapt(minimum_jobs=JOBS, maximum_jobs=JOBS)
    cluster.wait_for_workers(1)
    command = ["gridtool", "whatif", *sys.argv[1:], "--cluster", cluster.scheduler_address]
    code = subprocess.run(command, check=False).returncode
sys.exit(code)
