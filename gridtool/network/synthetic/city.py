"""A city of any size from a seed."""

from __future__ import annotations

from gridtool.errors import Issue, NetworkError
from gridtool.formats.frames import make_frame
from gridtool.network.model import CityNetwork, NetworkManifest
from gridtool.network.schema import TABLES
from gridtool.network.synthetic.demand import draw_station_peaks, make_customers, make_feeders
from gridtool.network.synthetic.districts import assign_districts, list_districts
from gridtool.network.synthetic.equipment import (
    make_bays,
    make_busbars,
    make_couplers,
    make_lines,
    make_transformers,
)
from gridtool.network.synthetic.layout import Layout, lay_out
from gridtool.network.synthetic.sizing import size_equipment
from gridtool.network.synthetic.sources import (
    import_need_mw,
    make_allocation,
    make_infeeds,
    make_units,
    place_infeeds,
)

__all__ = ["generate_city"]

SMALLEST, LARGEST = 10, 400


def generate_city(
    *, substations: int = 60, seed: int = 1, name: str = "rivercity", pf_margin: float = 0.9
) -> CityNetwork:
    """A synthetic 330/110/10 kV city network, N-1 secure at its winter peak when intact.

    Supply points 330/110 kV (one per 15 substations) on a 330 kV ring with infeeds, heat and
    power plants on 110 kV, double-circuit 110 kV corridors with four to six substations each,
    two transformers per substation of which one can carry its peak, and about 25 MW of winter
    peak per substation. The same arguments give the same network.

    Parameters
    ----------
    substations
        Number of 110/10 kV substations, 10 to 400.
    seed
        Seed of every random draw, 0 or more.
    name
        Id of the network.
    pf_margin
        Power-flow margin to put into the manifest (see :class:`NetworkManifest`).

    Raises
    ------
    NetworkError
        If ``substations`` or ``seed`` is out of range.
    """
    _require(SMALLEST <= substations <= LARGEST, "substations", substations, accepted="10 to 400")
    _require(0 <= seed < 2**63, "seed", seed, accepted="0 to 2^63 - 1")
    layout = lay_out(substations=substations, seed=seed)
    peaks = draw_station_peaks(layout.stations, seed=seed)
    rows = _make_rows(layout, peaks, seed=seed)
    manifest = NetworkManifest(
        id=name,
        name=name.capitalize(),
        version="2",
        timezone="Europe/Kyiv",
        voltage_levels_kv=(330.0, 110.0, 10.0),
        reference="winter peak",
        provenance=(
            "Synthetic: no real place or network. Made by gridtool.network.synthetic with "
            f"{substations} substations and seed {seed}; equipment values are catalogue types."
        ),
        synthetic=True,
        seed=seed,
        pf_margin=pf_margin,
    )
    tables = {schema.name: make_frame(schema, rows.get(schema.name, ())) for schema in TABLES}
    return CityNetwork(manifest=manifest, tables=tables)


def _make_rows(
    layout: Layout, peaks: dict[str, float], *, seed: int
) -> dict[str, list[dict[str, object]]]:
    peak_mw = sum(peaks.values())
    units = make_units(layout, peak_mw=peak_mw)
    sizing = size_equipment(layout, peaks, units=units, infeed_points=place_infeeds(layout))
    lines = make_lines(layout, sizing.spans)
    transformers = make_transformers(sizing, peaks)
    need_mw = import_need_mw(units, peak_mw=peak_mw)
    feeders = make_feeders(peaks, seed=seed)
    return {
        "districts": list_districts(),
        "substations": _make_substations(layout),
        "busbars": make_busbars(layout),
        "couplers": make_couplers(layout),
        "bays": make_bays(lines, transformers),
        "lines": lines,
        "transformers": transformers,
        "infeeds": make_infeeds(sizing.infeed_mw, need_mw=need_mw),
        "units": units,
        "feeders": feeders,
        "customers": make_customers(feeders, seed=seed),
        "import_allocation": make_allocation(need_mw=need_mw),
    }


def _make_substations(layout: Layout) -> list[dict[str, object]]:
    district_of = assign_districts(layout)
    district_names = {row["id"]: row["name"] for row in list_districts()}
    counted: dict[str, int] = {}
    rows: list[dict[str, object]] = []
    for site in layout.sites.values():
        district = district_of[site.id]
        if site.kind == "distribution":
            counted[district] = counted.get(district, 0) + 1
            site_name = f"{district_names[district]} {counted[district]}"
        else:
            word = "Supply point" if site.kind == "supply" else "Heat and power plant"
            site_name = f"{word} {site.id.split('-')[1]}"
        rows.append(
            {
                "id": site.id,
                "name": site_name,
                "district": district,
                "kind": site.kind,
                "x_km": site.x_km,
                "y_km": site.y_km,
            }
        )
    return rows


def _require(condition: bool, field: str, value: int, *, accepted: str) -> None:  # noqa: FBT001 - reads as a guard
    if not condition:
        raise NetworkError(
            Issue(
                message="this cannot be generated",
                field=field,
                value=str(value),
                accepted=accepted,
            )
        )
