"""Reading files as text: encodings, sizes, and what is not a text."""

from __future__ import annotations

import gzip
import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import DamageReportError, InputError
from gridtool.formats import nearest, read_text
from gridtool.formats.text import decode_text

UKRAINIAN = "Підстанція «Лівий берег», лінія №7 — 110 кВ\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (UKRAINIAN.encode(), "utf-8"),
        (UKRAINIAN.encode("utf-8-sig"), "utf-8-sig"),
        (UKRAINIAN.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + UKRAINIAN.encode("utf-16-be"), "utf-16"),
        (UKRAINIAN.encode("cp1251"), "cp1251"),
        (gzip.compress(UKRAINIAN.encode("cp1251"), mtime=0), "cp1251"),
    ],
)
def test_each_encoding_gives_the_same_text_and_is_named(tmp_path, content, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    found = read_text(path)
    assert found.text == UKRAINIAN
    assert found.encoding == encoding
    assert found.sha256 == hashlib.sha256(content).hexdigest()


@given(st.text(alphabet="абвгґдеєжзиіїйклмнопрстуфхцчшщьюяАБВЇЄ «»—№ 0123456789;,\n", max_size=200))
def test_cyrillic_text_in_cp1251_comes_back(text):
    content = text.encode("cp1251")
    try:
        found, encoding = decode_text(content, name="a.csv")
    except InputError:
        # Only text whose cp1251 bytes are also nearly sound UTF-8 may be refused.
        assert sum("\u0400" < sign < "\u0500" for sign in text) < 5
        return
    assert encoding in {"cp1251", "utf-8"}
    assert found == text or encoding == "utf-8"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,\x00\n", "U+0000"),
        ("a,b\n1,\u202egnp\n".encode(), "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("a,b\n1,SS\u200b-01\n".encode(), "U+200B"),
        (b"a,b\n1,\x1b[2J\n", "U+001B"),
        (b"PK\x03\x04rest", "spreadsheet"),
        ("Düsseldorf;Köln\n".encode("latin-1"), "not UTF-8"),
        ("ПС Північна;ПС Південна\n".encode()[:-2], "not UTF-8"),
        (b"\xff\xfea", "not UTF-16"),
        (gzip.compress(b"a,b\n" * 100, mtime=0)[:-9], "cut off"),
        (gzip.compress(b"a,b\n" * 100, mtime=0)[:-8] + b"\0" * 8, "gzip"),
    ],
)
def test_what_is_not_sound_text_is_refused_with_its_name(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DamageReportError) as caught:
        read_text(path, error=DamageReportError)
    assert caught.value.issues[0].file == "a.csv"
    assert message in str(caught.value)


def test_invisible_characters_are_found_with_their_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,\u200f4\n5,\u202a6\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_text(path)
    assert [issue.row for issue in caught.value.issues] == [3, 4]


def test_sizes_are_limited_before_and_after_unpacking(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    plain.write_bytes(b"x" * 2001)
    packed.write_bytes(gzip.compress(b"x" * 50_000_000, mtime=0))
    assert packed.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"larger than 0\.002 MB"):
        read_text(plain, limit_mb=0.002)
    with pytest.raises(InputError, match="larger than 1 MB unpacked"):
        read_text(packed, limit_mb=1)


def test_only_regular_files_are_read(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="not a regular file"):
        read_text(pipe)
    with pytest.raises(InputError, match="not a regular file"):
        read_text("/dev/zero")
    with pytest.raises(InputError, match=r"is a folder|not a regular file"):
        read_text(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_text("a\x00b")


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path):
    (tmp_path / "reports.csv").write_text("x")
    with pytest.raises(InputError, match=r"no such file; did you mean 'reports\.csv'"):
        read_text(tmp_path / "report.csv")


def test_nearest_ignores_case_and_gives_nothing_far():
    assert nearest("ss-07/T1", ["SS-07/T1", "SS-07/T2"]) == "SS-07/T1"
    assert nearest("qqqq", ["SS-07/T1"]) is None
    assert nearest("SS-7", ["SS-57", "SS-07"]) == "SS-07"
    assert nearest("x" * 100_000, ["SS-07/T1"]) is None
