"""Charts to files that need nothing else: HTML with its libraries inside, SVG, PNG, PDF.

Everything is drawn by vl-convert, without a browser and without a network. The HTML holds the
Vega libraries itself and has no menu that would open other sites.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from gridtool.errors import InputError, Issue
from gridtool.formats.write import write_bytes
from gridtool.report.charts import Spec

__all__ = ["FORMATS", "check_format", "render_chart", "write_chart"]

_VEGA_LITE = "6.4"
_SCALE = 2.0
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
</head>
<body>
<div id="chart"></div>
<script type="module">
{script}
</script>
</body>
</html>
"""
"""The policy forbids the page every request: it must hold all it needs. Vega compiles its
expressions, which is what 'unsafe-eval' allows."""


def render_chart(spec: Spec, suffix: str) -> bytes:
    """``spec`` in the format that file names ending with ``suffix`` promise."""
    return FORMATS[suffix](spec)


def write_chart(spec: Spec, path: Path | str) -> None:
    """Write ``spec`` to ``path`` in the format of its name, whole or not at all.

    Raises
    ------
    InputError
        If the name has no ending of :data:`FORMATS`.
    StoreError
        If it cannot be written.
    """
    write_bytes(path, render_chart(spec, check_format(path)))


def check_format(path: Path | str) -> str:
    """The ending of ``path``.

    Raises
    ------
    InputError
        If it is none of :data:`FORMATS`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(
            Issue(
                message="charts have no such format",
                file=Path(path).name,
                value=suffix or None,
                accepted=", ".join(FORMATS),
            )
        )
    return suffix


def _render_html(spec: Spec) -> bytes:
    import vl_convert

    plain = json.dumps(spec, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    snippet = f'vegaEmbed("#chart", {plain}, {{actions: false, renderer: "svg"}});'
    script: str = vl_convert.javascript_bundle(snippet, vl_version=_VEGA_LITE)
    return _PAGE.format(
        title=_title(spec), script=script.replace("</script", "<\\/script")
    ).encode()


def _title(spec: Spec) -> str:
    """The message of the first chart."""
    first = spec["vconcat"][0] if "vconcat" in spec else spec
    return html.escape(" ".join(first["title"]["text"]))


def _render_svg(spec: Spec) -> bytes:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return drawn.encode()


def _render_png(spec: Spec) -> bytes:
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=_VEGA_LITE, scale=_SCALE, allowed_base_urls=[]
    )
    return drawn


def _render_pdf(spec: Spec) -> bytes:
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_pdf(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return drawn


FORMATS: Mapping[str, Callable[[Spec], bytes]] = {
    ".html": _render_html,
    ".svg": _render_svg,
    ".png": _render_png,
    ".pdf": _render_pdf,
}
"""What draws a chart, by the ending of the file's name."""
