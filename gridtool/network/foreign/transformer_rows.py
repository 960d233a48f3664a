"""Transformer rows for any winding, also one whose impedance no real transformer has.

Star equivalents and reduced networks have legs of negative reactance or resistance. Our table
holds real transformers; such a leg becomes a transformer with the regular part of the impedance
and an impedance with the rest, joined at an auxiliary busbar. The power flow is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.windings import Winding, magnetizing_pu, series_pu

__all__ = ["add_transformer_rows"]


def add_transformer_rows(
    draft: Draft,
    transformer: str,
    winding: Winding,
    *,
    busbars: Mapping[str, str],
    lv_kv: float,
    in_service: bool,
) -> None:
    """Add ``winding`` between ``busbars["hv"]`` and ``busbars["lv"]`` (nominal ``lv_kv``)."""
    series = series_pu(winding)
    if series.real >= 0.0 and series.imag > 0.0:
        draft.add(
            "transformers",
            id=transformer,
            hv_busbar=busbars["hv"],
            lv_busbar=busbars["lv"],
            in_service=in_service,
            **asdict(replace(winding, i0_pct=abs(winding.i0_pct))),
        )
        return
    draft.findings.assume_for(
        transformer,
        "transformers without positive reactance, or of negative resistance, kept as a "
        "transformer and an impedance in series",
    )
    shunt = magnetizing_pu(winding)
    first = series / 2.0 if shunt else series  # the magnetizing branch stands in the middle
    # Neither part is without reactance: the DC model divides by it.
    regular = complex(max(first.real, 0.0), first.imag / 2 if first.imag > 0.0 else abs(first))
    chain = _Chain(draft, transformer, winding, lv_kv=lv_kv, in_service=in_service)
    middle = chain.add_busbar("inner", busbars["lv"])
    chain.add_regular(regular, hv_busbar=busbars["hv"], lv_busbar=middle)
    if not shunt:
        chain.add_rest("rest", first - regular, middle, busbars["lv"])
        return
    core = chain.add_busbar("core", busbars["lv"])
    chain.add_rest("rest", first - regular, middle, core)
    power = shunt.conjugate() / chain.scale * winding.sn_mva
    draft.add_shunt(f"{transformer}/magnetizing", core, power, in_service=in_service)
    chain.add_rest("lv-half", first, core, busbars["lv"])


class _Chain:
    """Elements in series that together are one transformer.

    ``scale`` turns per unit of the winding's tapped LV voltage into per unit of ``lv_kv``.
    """

    def __init__(
        self, draft: Draft, transformer: str, winding: Winding, *, lv_kv: float, in_service: bool
    ) -> None:
        self.draft = draft
        self.transformer = transformer
        self.winding = winding
        self.in_service = in_service
        self.lv_kv = lv_kv
        factor = winding.tap_factor if winding.tap_side == "lv" else 1.0
        self.scale = (winding.vn_lv_kv * factor / lv_kv) ** 2

    def add_busbar(self, word: str, beside: str) -> str:
        return self.draft.add_busbar(
            self.draft.ids.derive(f"{self.transformer}/{word}"),
            substation=self.draft.substation_of[beside],
            vn_kv=self.lv_kv,
            in_service=True,
        )

    def add_regular(self, series: complex, *, hv_busbar: str, lv_busbar: str) -> None:
        bare = replace(
            self.winding,
            vk_pct=100.0 * abs(series),
            vkr_pct=100.0 * series.real,
            pfe_kw=0.0,
            i0_pct=0.0,
        )
        self.draft.add(
            "transformers",
            id=self.transformer,
            hv_busbar=hv_busbar,
            lv_busbar=lv_busbar,
            in_service=self.in_service,
            **asdict(bare),
        )

    def add_rest(self, word: str, series: complex, one: str, other: str) -> None:
        self.draft.add_impedance(
            self.draft.ids.derive(f"{self.transformer}/{word}"),
            series * self.scale,
            sn_mva=self.winding.sn_mva,
            rating_mva=self.winding.sn_mva,
            from_busbar=one,
            to_busbar=other,
            in_service=self.in_service,
        )
