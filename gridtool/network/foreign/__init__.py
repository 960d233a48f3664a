"""Networks of other programs: pandapower's JSON and Excel, MATPOWER's cases.

What is read
    ``.json`` and ``.xlsx`` as ``pandapower.to_json`` and ``to_excel`` write them (format of
    3.5.6; older files where their tables are readable) and ``.m`` MATPOWER cases of version 2,
    with the tables ``bus_damage``, ``gen_damage`` and ``branch_damage`` if present. A file is
    data: nothing in it is run, imported, opened or rebuilt, and pandapower's own loaders, which
    do that, are never called. All findings come at once, each with its table, row and column,
    or its line.

What becomes of it
    The AC power flow of the converted network equals that of the file. Loads become feeders,
    generators units, external grids and slack generators infeeds, bus-bus switches couplers;
    parallel circuits become assets of their own; three-winding transformers become three with a
    star point; tap changers are kept or folded into ratio and shift; branches that a line or
    transformer cannot express become impedances with shunts. An element's own name is its id
    if it is unique and plain, otherwise kind and number: ``line-3``, ``bus-12``, ``gen-1``
    (MATPOWER counts its rows from 1, buses by their numbers).

What is assumed, and listed in ``CityNetwork.assumptions``
    Substations are what transformers and bus-bus switches join, or the column ``substation`` of
    pandapower's bus table says; districts are the zones, customers 500 households per MW of
    load. Substations stand on a grid as wide as the line lengths
    allow, and MATPOWER's lines are as long as 0.4 ohm/km makes them. An external grid without
    ``max_p_mw`` may import the whole demand; a branch without a rating has ten times the
    network's power; the first generator in service at MATPOWER's reference bus is the infeed; a
    bus without a base voltage has 110 kV. Motors and unbalanced loads are constant power,
    as are loads that depend on voltage, and storages that pandapower's base case charges or
    discharges or whose energy it does not say; the impedance of closed switches is left out.

What is refused
    Extended wards, DC lines, FACTS and converters, impedances that differ by direction, tap
    changers by table; and, because they change how a network is solved, controllers,
    characteristics, capability curves and solver options in the file. With ``ignore_extras``
    whole tables of these kinds are left aside and named.

Limits
    64 MB a file, 100 MB unpacked, 200 000 rows a sheet or matrix, row numbers up to 10^7.
"""

from gridtool.network.foreign.read import read_foreign
from gridtool.network.foreign.write import write_pandapower_json

__all__ = ["read_foreign", "write_pandapower_json"]
