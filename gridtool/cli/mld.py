"""Body of ``gridtool assess CASE.m --mld``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gridtool.cli.output import OutputOptions, emit
from gridtool.cli.unit_repairs import matpower_path
from gridtool.report.result import Result

if TYPE_CHECKING:
    from gridtool.flow.mld_case import MatpowerFile

__all__ = ["run_load_delivery"]


def run_load_delivery(path: str | Path, *, form: str = "dc", output: OutputOptions) -> None:
    """Print the maximum load delivery of a MATPOWER case, by DC or AC power flow.

    Raises
    ------
    NetworkError
        If the file is no MATPOWER case or has findings.
    AnalysisError
        If the AC form finds no state within all limits.
    """
    from gridtool.flow.mld_case import read_matpower_file

    file = read_matpower_file(matpower_path(path, "--mld"))
    result = (_deliver_ac if form == "ac" else _deliver_dc)(file)
    emit(replace(result, inputs=(Path(path),), warnings=file.assumptions), output)


def _deliver_dc(file: MatpowerFile) -> Result:
    from gridtool.flow.mld import maximise_delivery
    from gridtool.flow.mld_case import case_of_matpower
    from gridtool.report.unit_repairs import delivery_facts, describe_delivery, tables_delivery

    delivery = maximise_delivery(case_of_matpower(file))
    return Result(
        command="assess",
        tables=tables_delivery(delivery),
        verdict=describe_delivery(delivery),
        headline={"objective": delivery.objective, "served_pu": delivery.served_pu},
        facts={"form": "dc", **delivery_facts(delivery)},
    )


def _deliver_ac(file: MatpowerFile) -> Result:
    from gridtool.flow.mld_ac import maximise_ac_delivery
    from gridtool.flow.mld_ac_case import ac_case_of_matpower
    from gridtool.report.mld_ac import ac_delivery_facts, describe_ac_delivery, tables_ac_delivery

    delivery = maximise_ac_delivery(ac_case_of_matpower(file))
    return Result(
        command="assess",
        tables=tables_ac_delivery(delivery),
        verdict=describe_ac_delivery(delivery),
        headline={"objective": delivery.objective, "served_pu": delivery.served_pu},
        facts=ac_delivery_facts(delivery),
    )
