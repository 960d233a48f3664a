"""Networks with storages, and their hours as stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.model import Stages
from gridtool.forecast.simulate.storage import StorageDispatch
from gridtool.forecast.simulate.storage_fleet import read_fleet
from gridtool.formats.frames import make_frame
from gridtool.network.schema import table_schema


def battery(key, station, power, energy, **more):
    """A row of the storages table; ``power`` charges and discharges."""
    row = {"id": key, "busbar": f"{station}/B", "energy_mwh": energy}
    return row | {"charge_mw": power, "discharge_mw": power} | more


def with_storages(network, *rows):
    tables = {**network.tables, "storages": make_frame(table_schema("storages"), rows)}
    return replace(network, tables=tables)


class World:
    """A network's case, its classes and its dispatch with storages."""

    def __init__(self, network):
        self.network = network
        self.case = compile_case(network, storages=True)
        self.class_share, self.classes = class_shares(network, self.case)
        self.fleet = read_fleet(network, self.case)
        self.dispatch = StorageDispatch(self.case, self.class_share, fleet=self.fleet)

    def run(self, factor, source_mw=None, *, import_mw=np.inf, shares=None, up=None):
        """One stage an hour of futures ``factor`` (n, H); sources other than storages (n, H, g)."""
        factor = np.atleast_2d(np.asarray(factor, dtype=float))
        n, hours = factor.shape
        most = np.tile(self.case.source_max_mw, (n, hours, 1))
        if source_mw is not None:
            plain = np.asarray(source_mw, dtype=float)
            if plain.shape[-1] == most.shape[-1]:
                most[:] = plain
            else:
                most[..., : plain.shape[-1]] = plain
        if up is not None:
            most[..., self.fleet[1]] *= up
        vectors = np.ones((1, self.case.part_count)) if shares is None else shares
        hour = np.tile(np.arange(hours), n)
        stages = Stages(
            row=np.repeat(np.arange(n), hours),
            first=hour,
            end=hour + 1,
            parts=np.zeros(n * hours, dtype=np.int64),
            part_shares=vectors,
            source_mw=most.reshape(n * hours, -1),
            import_mw=np.broadcast_to(np.asarray(import_mw, dtype=float), (n * hours,)).copy(),
        )
        return self.dispatch.shortage(stages, factor)

    def unserved(self, *arguments, **more):
        """Total unserved load (n, H), MW."""
        return self.run(*arguments, **more).shortage.district_mw.sum(axis=(2, 3))
