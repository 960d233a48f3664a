"""Job files that are refused: name, content, words that the message must have."""

from __future__ import annotations

__all__ = ["JOBS"]

HEAD = b'format = "gridtool-job"\nformat_version = 1\n'
JOB = b'[job]\nname = "a"\nnetwork = "rivercity"\n'


def _job(line):
    return HEAD + b'[job]\nname = "a"\n' + line


def _section(text):
    return HEAD + JOB + text


JOBS = [
    ("empty file", b"", "format: is missing"),
    ("not TOML", b"= 1\n", "row 1: is not TOML"),
    ("a key twice", HEAD + b"[job]\nname = 'a'\nname = 'b'\n", "is not TOML"),
    ("cut off", HEAD + b"[job\n", "is not TOML"),
    ("binary", bytes(range(256)), "is not UTF-8 text"),
    ("a spreadsheet", b"PK\x03\x04rest", "is a spreadsheet or archive"),
    ("invisible character", HEAD + '[job]\nname = "a\u202eb"\n'.encode(), "U+202E"),
    ("nested too deep", HEAD + b"a = " + b"[" * 40 + b"]" * 40, "nested deeper"),
    ("larger than 1 MB", b"# " + b"x" * 1_100_000, "larger than 1 MB"),
    ("of another kind", b'format = "gridtool-network"\nformat_version = 1\n' + JOB, "gridtool-job"),
    ("of a later version", HEAD.replace(b"1\n", b"2\n") + JOB, "format_version"),
    ("no job section", HEAD, "add the section [job]"),
    ("misspelt section", HEAD + JOB + b"[forcast]\nmonths = 1\n", "did you mean 'forecast'?"),
    ("misspelt key", _job(b'netwrk = "rivercity"\n'), "did you mean 'network'?"),
    ("section as a value", HEAD + b"job = 3\n", "accepted: a table"),
    ("number as text", _section(b'[forecast]\nsamples = "100"\n'), "a whole number"),
    ("fraction as count", _section(b"[forecast]\nmonths = 1.5\n"), "a whole number"),
    ("true as count", _section(b"[forecast]\nmonths = true\n"), "a whole number"),
    ("count of zero", _section(b"[forecast]\nsamples = 0\n"), "at least 2"),
    ("endless count", _section(b"[forecast]\nsamples = 99999999999\n"), "at most 1000000"),
    ("not a number", _section(b'[demand]\nhistory = "h"\nscale = nan\n'), "finite number"),
    ("negative scale", _section(b'[demand]\nhistory = "h"\nscale = -1\n'), "above 0"),
    ("negative seed", HEAD + JOB + b"seed = -1\n", "job.seed"),
    ("unknown network", _job(b'network = "rivercty"\n'), "did you mean rivercity?"),
    ("network is a device", _job(b'network = "/dev/null"\n'), "null"),
    ("time that is none", HEAD + JOB + b'as_of = "yesterday"\n', "neither ISO 8601"),
    ("time the clock skips", HEAD + JOB + b'as_of = "2027-03-28T03:30"\n', "the clock skips it"),
    ("year beyond time", HEAD + JOB + b'as_of = "9999-12-31T23:59"\n', "between the years"),
    ("missing reports", _section(b'[damage]\nreports = ["nowhere.csv"]\n'), "nowhere.csv"),
    ("no reports", _section(b"[damage]\nreports = []\n"), "at least one entry"),
    ("reports as text", _section(b'[damage]\nreports = "a.csv"\n'), "a list"),
    ("home is not expanded", _section(b'[damage]\nreports = ["~/a.csv"]\n'), "~/a.csv"),
    ("variables are not expanded", _section(b'[damage]\nreports = ["$HOME"]\n'), "$HOME"),
    ("history is a folder", _section(b'[demand]\nhistory = "."\n'), "is not a file"),
    ("history is endless", _section(b'[demand]\nhistory = "/dev/zero"\n'), "is not a file"),
    ("unknown zone", _section(b'[demand]\nhistory = "job.toml"\ntimezone = "Kyiw"\n'), "time zone"),
    ("zone as a path", _section(b'[demand]\nhistory = "job.toml"\ntimezone = "../x"\n'), "zone"),
    ("weight of no class", _section(b"[plan]\nweights = {hospitl = 2}\n"), "'hospital'?"),
    ("negative weight", _section(b"[plan]\nweights = {hospital = -2}\n"), "at least 0"),
    ("deadline that is none", _section(b'[plan]\ndeadline = "spring"\n'), "plan.deadline"),
    ("unknown durations", _section(b'[plan]\ndurations = "fema"\n'), "'hazus' or 'equipment'"),
    ("no time at all", _section(b"[plan]\ntime_limit_s = 0\n"), "above 0"),
    ("cold load below one", _section(b"[plan]\ncold_load = 0.5\n"), "at least 1"),
    ("resources are a file", _section(b'[resources]\nfolder = "job.toml"\n'), "is not a folder"),
]
