"""A sweep on Kubernetes: dask-kubernetes starts workers, the usual command hands them scenarios.

``python kubernetes_sweep.py SCENARIOS.toml --folder /var/lib/gridtool/january``, in a pod that may
create DaskCluster resources, where Dask's operator is installed. All pods have the same image, with
gridtool[cluster] and dask-kubernetes, in which a forecast was run once so that loops are compiled.
The folder is on a volume: however it ends, the same command goes on where it was.
"""

import signal
import subprocess
import sys

from dask_kubernetes.operator import KubeCluster

# Ctrl-C is for gridtool, which keeps what is done; the workers stay until it has.
signal.signal(signal.SIGINT, lambda *_: None)

with KubeCluster(
    name="gridtool-sweep",
    image="registry.example.org/gridtool:0.1.0",
    n_workers=16,
    worker_command=["dask", "worker", "--nthreads", "1"],  # one block at a time
    resources={"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
    env={
        "OMP_NUM_THREADS": "1",
        # A block of scenarios whose worker died is tried once elsewhere, then each by itself.
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    },
) as cluster:
    cluster.wait_for_workers(1)
    command = ["gridtool", "whatif", *sys.argv[1:], "--cluster", cluster.scheduler_address]
    code = subprocess.run(command, check=False).returncode
sys.exit(code)
