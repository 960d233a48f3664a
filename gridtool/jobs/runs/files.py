"""The published files of a run: the same request gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gridtool.formats.parquet import parquet_bytes
from gridtool.formats.write import csv_text
from gridtool.jobs.runs.model import ChainRequest
from gridtool.report.envelope import drop_infinite, json_text, make_envelope
from gridtool.report.result import Result, label_fallback
from gridtool.report.terminal_text import print_text

__all__ = ["RESULT", "label_degraded", "make_files"]

RESULT = "result.json"
"""Name of the file that holds everything that was found."""


def make_files(
    result: Result, request: ChainRequest, *, inputs: Iterable[tuple[str, str]]
) -> dict[str, bytes]:
    """``result.json``, ``report.txt`` and the tables as CSV and Parquet, by name.

    Parameters
    ----------
    inputs
        Role and SHA-256 of each input.
    """
    labelled = label_degraded(label_fallback(result), request.degraded)
    files = {
        RESULT: _describe(labelled, request, inputs=inputs).encode(),
        "report.txt": print_text(labelled).encode(),
    }
    for table in labelled.tables:
        frame = drop_infinite(table.frame)
        files[f"tables/{table.name}.csv"] = csv_text(frame).encode()
        files[f"tables/{table.name}.parquet"] = parquet_bytes(frame)
    return files


def label_degraded(result: Result, words: str) -> Result:
    """``result`` with ``words`` on why it is not the full run, first of all that is read."""
    if not words:
        return result
    words = words.rstrip(".")
    return replace(
        result,
        verdict=f"DEGRADED: {words}. {result.verdict}".strip(),
        facts={**result.facts, "degraded": words},
    )


def _describe(result: Result, request: ChainRequest, *, inputs: Iterable[tuple[str, str]]) -> str:
    return json_text(
        make_envelope(
            result.command,
            result.tables,
            version=request.gridtool_version,
            generated_at=request.generated_at,
            as_of=result.as_of,
            seed=result.seed,
            inputs=[{"path": role, "sha256": sha256} for role, sha256 in inputs],
            warnings=[str(warning) for warning in result.warnings],
            verdict=result.verdict,
            headline=result.headline,
            facts=result.facts,
        )
    )
