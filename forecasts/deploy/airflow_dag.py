"""An Airflow DAG that runs a job: the same command as everywhere else.

Airflow decides when to run and which slot; ``--slot`` names it, so that a cleared or repeated task
is the same run, which is done once. Exit codes 6 (labelled fallback) and 10 (threshold crossed) are
runs that were published: the task is skipped then, which shows, and not failed.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="gridtool_rivercity",
    schedule="30 5 * * *",
    start_date=pendulum.datetime(2027, 1, 1, tz="Europe/Kyiv"),
    catchup=False,
    max_active_runs=1,
    tags=["gridtool"],
) as dag:
    BashOperator(
        task_id="run",
        bash_command=(
            "exec gridtool job run /etc/gridtool/jobs/rivercity.toml"
            " --slot '{{ logical_date.isoformat() }}' --no-progress"
        ),
        skip_on_exit_code=[6, 10],
        retries=2,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=4),
        append_env=True,
    )
