"""A Dagster job and its schedule: the same command as everywhere else.

Dagster names the slot (``--slot``), so that a run that is launched again is the same run, which is
done once. Exit codes 6 (labelled fallback) and 10 (threshold crossed) are runs that were published.
"""

import subprocess

import dagster

PUBLISHED = {0, 6, 10}


@dagster.op(config_schema={"slot": str})
def run_job(context: dagster.OpExecutionContext) -> None:
    """Run the job for one slot; Dagster keeps what it logs."""
    command = ["gridtool", "job", "run", "/etc/gridtool/jobs/rivercity.toml"]
    command += ["--slot", context.op_config["slot"], "--no-progress"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    context.log.info(finished.stdout)
    context.log.info(finished.stderr)
    if finished.returncode not in PUBLISHED:
        raise dagster.Failure(f"gridtool ended with exit code {finished.returncode}")
    context.add_output_metadata({"exit_code": finished.returncode})


@dagster.job(tags={"dagster/concurrency_key": "gridtool"})
def gridtool_rivercity() -> None:
    """The whole chain, published and recorded by gridtool."""
    run_job()


@dagster.schedule(
    job=gridtool_rivercity, cron_schedule="30 5 * * *", execution_timezone="Europe/Kyiv"
)
def every_morning(context: dagster.ScheduleEvaluationContext) -> dagster.RunRequest:
    """One run for each slot, whatever is launched again."""
    slot = context.scheduled_execution_time.isoformat()
    return dagster.RunRequest(
        run_key=slot, run_config={"ops": {"run_job": {"config": {"slot": slot}}}}
    )


defs = dagster.Definitions(jobs=[gridtool_rivercity], schedules=[every_morning])
