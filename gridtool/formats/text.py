"""Files to text: regular files of limited size, in an encoding that is found out and named."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path

from gridtool.errors import InputError, Issue
from gridtool.formats.spelling import did_you_mean

__all__ = ["DecodedText", "decode_text", "find_invisible", "read_bytes", "read_text"]

_GZIP_MAGIC = b"\x1f\x8b"
_OFFICE_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SAVE_HINT = "save it again as CSV UTF-8, or fetch it again if it was cut off"
_UTF8_CYRILLIC = re.compile(rb"[\xd0-\xd2][\x80-\xbf]")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_CYRILLIC = re.compile("[А-яЁёІіЇїЄєҐґЎў]")
_WORD = re.compile(r"[^\W\d_]+")
_CP1251_SIGNS = frozenset("«»„“”‘’‚–—…№°±·•§©®™¤¦¬µ¶‰€†‡‹›\u00a0")
_PLAIN = re.compile(r"[\t\n\r\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a file, the encoding it was in, and the SHA-256 of the file's bytes."""

    text: str
    encoding: str
    sha256: str


def read_text(
    path: Path | str,
    *,
    limit_mb: float = 64,
    name: str | None = None,
    error: type[InputError] = InputError,
) -> DecodedText:
    """The text of a regular file in UTF-8, UTF-16 with a byte order mark, or Windows-1251.

    Parameters
    ----------
    limit_mb
        Largest size in megabytes (10^6 bytes); of a ``.gz`` file, also the unpacked size.
    name
        What findings call the file; default: its name without the folder.

    Raises
    ------
    InputError
        As ``error``: not there, not a regular file, too large, not text, or with control or
        invisible characters.
    """
    path = Path(path)
    name = name or path.name
    stored = read_bytes(path, limit_mb=limit_mb, name=name, error=error)
    content = stored
    if stored.startswith(_GZIP_MAGIC):
        content = _unpack(stored, limit_mb=limit_mb, name=name, error=error)
    text, encoding = decode_text(content, name=name, error=error)
    issues = find_invisible(text, name=name)
    if issues:
        raise error(issues, subject=name)
    return DecodedText(text, encoding, hashlib.sha256(stored).hexdigest())


def read_bytes(
    path: Path | str,
    *,
    limit_mb: float = 64,
    name: str | None = None,
    error: type[InputError] = InputError,
) -> bytes:
    """The bytes of a regular file of at most ``limit_mb`` megabytes; raises as ``read_text``."""
    path = Path(path)
    name = name or path.name

    def refuse(message: str, hint: str | None = None) -> InputError:
        return error(Issue(message=message, file=name, hint=hint), subject=name)

    limit = int(limit_mb * 1e6)
    try:
        # Not blocking, so that a named pipe without a writer is refused instead of waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise refuse("is not a regular file")
            content = stream.read(limit + 1)
    except FileNotFoundError:
        raise refuse("there is no such file", _similar_file(path)) from None
    except IsADirectoryError:
        raise refuse("is a folder, not a file") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "the name is not usable"
        raise refuse(f"cannot be read: {reason}") from None
    if len(content) > limit:
        raise refuse(f"is larger than {limit_mb:g} MB", "split it into several files")
    return content


def _similar_file(path: Path) -> str | None:
    try:
        return did_you_mean(path.name, (entry.name for entry in path.parent.iterdir()))
    except OSError:
        return None


def _unpack(content: bytes, *, limit_mb: float, name: str, error: type[InputError]) -> bytes:
    limit = int(limit_mb * 1e6)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(limit + 1)
    except EOFError:
        raise error(Issue(message="the packed file seems cut off", file=name)) from None
    except (OSError, zlib.error):
        raise error(Issue(message="is damaged: gzip cannot unpack it", file=name)) from None
    if len(unpacked) > limit:
        raise error(Issue(message=f"is larger than {limit_mb:g} MB unpacked", file=name))
    return unpacked


def decode_text(
    content: bytes, *, name: str, error: type[InputError] = InputError
) -> tuple[str, str]:
    """Text and encoding (``utf-8``, ``utf-8-sig``, ``utf-16`` or ``cp1251``) of ``content``."""
    if content.startswith(_OFFICE_MAGIC):
        issue = Issue(message="is a spreadsheet or archive, not text", file=name, hint=_SAVE_HINT)
        raise error(issue, subject=name)
    if content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8"
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as problem:
        broken_at = problem.start
    legacy = _decode_cp1251(content) if encoding == "utf-8" else None
    if legacy is not None:
        return legacy, "cp1251"
    row = None if encoding == "utf-16" else content.count(b"\n", 0, broken_at) + 1
    issue = Issue(
        message=f"is not {encoding.removesuffix('-sig').upper()} text: "
        f"the byte at position {broken_at} is wrong",
        file=name,
        row=row,
        accepted="UTF-8, UTF-16 with a byte order mark, Windows-1251 (Cyrillic)",
        hint=_SAVE_HINT,
    )
    raise error(issue, subject=name)


def _decode_cp1251(content: bytes) -> str | None:
    """``content`` as Windows-1251, or None where it does not read as Cyrillic text."""
    if 2 * len(_UTF8_CYRILLIC.findall(content)) > 0.8 * len(_HIGH_BYTE.findall(content)):
        return None  # mostly sound UTF-8: a damaged file, which cp1251 would turn into nonsense
    try:
        text = content.decode("cp1251")
    except UnicodeDecodeError:
        return None
    foreign = {sign for sign in text if ord(sign) > 127} - _CP1251_SIGNS
    if not all(_CYRILLIC.fullmatch(sign) for sign in foreign):
        return None
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(any(sign.isascii() for sign in word) for word in words)
    # Western text read as cp1251 has Cyrillic letters inside Latin words: "Dьsseldorf".
    return None if 2 * mixed > len(words) else text


def find_invisible(text: str, *, name: str) -> list[Issue]:
    """Findings for control, bidirectional and invisible characters; tab and line ends pass.

    They make two texts that look alike differ, or hide part of a text.
    """
    if _PLAIN.fullmatch(text):
        return []
    refused = {sign for sign in set(text) if _is_refused(sign)}
    if not refused:
        return []
    issues = []
    for number, line in enumerate(text.split("\n"), start=1):
        for sign in sorted(refused & set(line)):
            title = unicodedata.name(sign, "control character")
            issues.append(
                Issue(
                    message=f"has the character U+{ord(sign):04X} ({title}), "
                    "which cannot be seen or controls the terminal",
                    file=name,
                    row=number,
                    hint="delete it",
                )
            )
    return issues[:50]


def _is_refused(sign: str) -> bool:
    if sign in "\t\n\r":
        return False
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
