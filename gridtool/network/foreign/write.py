"""Networks written for other programs."""

from __future__ import annotations

from pathlib import Path

from gridtool.formats.publish import write_bytes
from gridtool.network.model import CityNetwork

__all__ = ["write_pandapower_json"]


def write_pandapower_json(network: CityNetwork, path: Path | str) -> None:
    """Write ``network`` as a pandapower network in JSON, whole or not at all.

    Districts become zones, feeders loads, couplers bus-bus switches, units and infeeds
    generators and external grids with their limits, storages storages without their efficiencies
    and losses; customers, bays, failures and the import allocation have no place there.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    from gridtool.network.pandapower_net import build_net, quiet_pandapower

    net = build_net(network).net
    with quiet_pandapower():
        import pandapower

        text = pandapower.to_json(net)
    write_bytes(path, text.encode())
