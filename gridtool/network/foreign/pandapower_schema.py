"""Which tables and columns of a pandapower network are read, and how.

A literal, so that reading a file need not import pandapower; a test compares it with an empty
network of the pinned version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DROPPED",
    "EXTRAS",
    "FORMAT_VERSION",
    "KEPT",
    "MOST_INDEX",
    "REFUSED",
    "Field",
]

FORMAT_VERSION = "3.3.0"
"""Format of the pinned version; newer files are read, with a warning."""
MOST_INDEX = 10_000_000
"""Largest row number accepted."""

Kind = Literal["number", "whole", "flag", "text", "bus"]
REQUIRED = object()
"""Default of a column that must be there with every cell filled."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its kind, what an absent or missing cell means, and its limits.

    ``bus`` cells are row numbers of the bus table. ``default`` None stays None.
    """

    kind: Kind
    default: object = None
    minimum: float | None = None
    above: float | None = None

    @property
    def required(self) -> bool:
        """Whether a missing cell is an error."""
        return self.default is REQUIRED


_BUS = Field("bus", REQUIRED, minimum=0)
_GIVEN = Field("number", REQUIRED)
_ABOVE_0 = Field("number", REQUIRED, above=0)
_AT_LEAST_0 = Field("number", REQUIRED, minimum=0)
_MAYBE = Field("number")
_ZERO = Field("number", 0.0)
_ONE = Field("number", 1.0)
_HALF = Field("number", 0.5)
_TEXT = Field("text")
_COMMON = {"name": _TEXT, "in_service": Field("flag", REQUIRED)}
_PARALLEL = Field("whole", 1, minimum=1)
_TAP = {
    f"tap{which}_{column}": field
    for which in ("", "2")
    for column, field in {
        "side": _TEXT,
        "neutral": _MAYBE,
        "pos": _MAYBE,
        "step_percent": _MAYBE,
        "step_degree": _MAYBE,
        "changer_type": _TEXT,
        "phase_shifter": Field("flag"),
    }.items()
}
_TABLE_TAP = {"tap_dependency_table": Field("flag", default=False)}
_PHASES = {
    f"{quantity}_{phase}_{unit}": _ZERO
    for quantity, unit in (("p", "mw"), ("q", "mvar"))
    for phase in "abc"
}
_POWER = {"bus": _BUS, "p_mw": _GIVEN, "q_mvar": _ZERO, "scaling": _ONE}

KEPT: dict[str, dict[str, Field]] = {
    "bus": _COMMON | {"vn_kv": _ABOVE_0, "zone": _TEXT, "type": _TEXT, "substation": _TEXT},
    "load": _COMMON
    | _POWER
    | dict.fromkeys(
        (
            "const_z_percent",
            "const_i_percent",
            "const_z_p_percent",
            "const_i_p_percent",
            "const_z_q_percent",
            "const_i_q_percent",
        ),
        _ZERO,
    ),
    "sgen": _COMMON | _POWER | {"max_p_mw": _MAYBE},
    "storage": _COMMON
    | _POWER
    | {
        "sn_mva": _MAYBE,
        "soc_percent": _MAYBE,
        "min_e_mwh": _MAYBE,
        "max_e_mwh": _MAYBE,
        "min_p_mw": _MAYBE,
        "max_p_mw": _MAYBE,
    },
    "asymmetric_load": _COMMON | {"bus": _BUS, "scaling": _ONE} | _PHASES,
    "asymmetric_sgen": _COMMON | {"bus": _BUS, "scaling": _ONE} | _PHASES,
    "motor": _COMMON
    | {
        "bus": _BUS,
        "pn_mech_mw": _AT_LEAST_0,
        "loading_percent": _GIVEN,
        "cos_phi": Field("number", REQUIRED, above=0),
        "efficiency_percent": _ABOVE_0,
        "scaling": _ONE,
    },
    "gen": _COMMON
    | {
        "bus": _BUS,
        "p_mw": _GIVEN,
        "vm_pu": _ABOVE_0,
        "min_q_mvar": _MAYBE,
        "max_q_mvar": _MAYBE,
        "max_p_mw": _MAYBE,
        "scaling": _ONE,
        "slack": Field("flag", default=False),
    },
    "ext_grid": _COMMON | {"bus": _BUS, "vm_pu": _ABOVE_0, "va_degree": _ZERO, "max_p_mw": _MAYBE},
    "switch": {
        "name": _TEXT,
        "bus": _BUS,
        "element": Field("whole", REQUIRED, minimum=0),
        "et": Field("text", REQUIRED),
        "type": _TEXT,
        "closed": Field("flag", REQUIRED),
        "z_ohm": _ZERO,
    },
    "shunt": _COMMON
    | {
        "bus": _BUS,
        "p_mw": _GIVEN,
        "q_mvar": _GIVEN,
        "vn_kv": Field("number", above=0),
        "step": Field("number", 1.0, minimum=0),
        "step_dependency_table": Field("flag", default=False),
    },
    "ward": _COMMON
    | {"bus": _BUS, "ps_mw": _GIVEN, "qs_mvar": _GIVEN, "pz_mw": _GIVEN, "qz_mvar": _GIVEN},
    "line": _COMMON
    | {
        "from_bus": _BUS,
        "to_bus": _BUS,
        "length_km": _ABOVE_0,
        "r_ohm_per_km": _GIVEN,
        "x_ohm_per_km": _GIVEN,
        "c_nf_per_km": _GIVEN,
        "g_us_per_km": _ZERO,
        "max_i_ka": Field("number", minimum=0),
        "df": Field("number", 1.0, above=0),
        "parallel": _PARALLEL,
    },
    "trafo": _COMMON
    | {
        "hv_bus": _BUS,
        "lv_bus": _BUS,
        "sn_mva": _ABOVE_0,
        "vn_hv_kv": _ABOVE_0,
        "vn_lv_kv": _ABOVE_0,
        "vk_percent": _GIVEN,
        "vkr_percent": _GIVEN,
        "pfe_kw": _GIVEN,
        "i0_percent": _GIVEN,
        "shift_degree": _ZERO,
        "parallel": _PARALLEL,
        "df": Field("number", 1.0, above=0),
        "leakage_resistance_ratio_hv": _HALF,
        "leakage_reactance_ratio_hv": _HALF,
    }
    | _TAP
    | _TABLE_TAP,
    "trafo3w": _COMMON
    | {f"{side}_bus": _BUS for side in ("hv", "mv", "lv")}
    | {f"sn_{side}_mva": _ABOVE_0 for side in ("hv", "mv", "lv")}
    | {f"vn_{side}_kv": _ABOVE_0 for side in ("hv", "mv", "lv")}
    | {f"vk_{side}_percent": _GIVEN for side in ("hv", "mv", "lv")}
    | {f"vkr_{side}_percent": _GIVEN for side in ("hv", "mv", "lv")}
    | {
        "pfe_kw": _GIVEN,
        "i0_percent": _GIVEN,
        "shift_mv_degree": _ZERO,
        "shift_lv_degree": _ZERO,
        "tap_at_star_point": Field("flag", default=False),
        "loss_side": _TEXT,
    }
    | {column: field for column, field in _TAP.items() if not column.startswith("tap2")}
    | _TABLE_TAP,
    "impedance": _COMMON
    | {
        "from_bus": _BUS,
        "to_bus": _BUS,
        "rft_pu": _GIVEN,
        "xft_pu": _GIVEN,
        "rtf_pu": _GIVEN,
        "xtf_pu": _GIVEN,
        "gf_pu": _ZERO,
        "bf_pu": _ZERO,
        "gt_pu": _ZERO,
        "bt_pu": _ZERO,
        "sn_mva": _ABOVE_0,
    },
}
"""Tables that are read, with their columns; other columns carry nothing that is used."""

REFUSED = (
    "b2b_vsc",
    "bi_vsc",
    "bus_dc",
    "dcline",
    "line_dc",
    "load_dc",
    "source_dc",
    "ssc",
    "svc",
    "tcsc",
    "vsc",
    "vsc_bipolar",
    "vsc_stacked",
    "xward",
)
"""Elements that change the power flow and have no counterpart here: refused if there are any."""

EXTRAS = (
    "characteristic",
    "controller",
    "q_capability",
    "trafo_characteristic",
    "user_pf_options",
    "shunt_characteristic",
    "vsc_characteristic",
)
"""Beginnings of members that change how a network is solved: refused if they have content."""

DROPPED = (
    "OPF_converged",
    "bus_geodata",
    "converged",
    "dtypes",
    "f_hz",
    "format_version",
    "group",
    "line_geodata",
    "measurement",
    "name",
    "parameters",
    "poly_cost",
    "pwl_cost",
    "sn_mva",
    "std_types",
    "version",
)
"""Members without a bearing on what is read, besides results and internals (``res_*``, ``_*``)."""
