"""Histories for the tests of commands: the made city, and small ones written by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.forecast.history.made import gzip_history, make_history

START = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 490
TZ = ("--tz", "Europe/Kyiv")


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def data_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def write_made_city(path, *, days=DAYS):
    """Sixteen months of the made city, to 2026-05-06, hourly with temperature."""
    load, temp = make_history(
        start=START, end=START + timedelta(days=days), special_days=(), seed=6
    )
    path.write_bytes(gzip_history(START, load, temp_c=temp))
    return load, temp


def write_rows(path, rows, *, header="timestamp_utc,load_mw"):
    path.write_text(header + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def hour_texts(days=DAYS):
    start = np.datetime64(START.replace(tzinfo=None), "h")
    return [f"{hour}:00Z" for hour in start + np.arange(24 * days)]
