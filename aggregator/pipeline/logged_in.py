"""Who was logged in, and on which nodes nobody knows whether they are Slurm's."""

from collections.abc import Iterable
from typing import Final

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.users import User
from maxwatt.config import Settings
from maxwatt.domain.hostlist import compress
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.units import DAY_MS

_TOLD: Final = "unknown_nodes_told_ms"


def users_of(samples: SampleWindow) -> dict[int, User]:
    """Users by number with the name of their newest row."""
    if not samples.session.num_rows:
        return {}
    found = samples.session.group_by(["uid", "user"]).aggregate([("ts_ms", "max")]).to_pylist()
    found.sort(key=lambda row: (row["ts_ms_max"], row["user"]))
    return {row["uid"]: User(row["user"], row["ts_ms_max"]) for row in found}


def tell_unknown_nodes(ledger: Ledger, settings: Settings, names: Iterable[str], now_ms: int) -> None:
    """Once a day a fault with the nodes that send samples, but that neither Slurm nor the configuration names.

    Args:
        names: nodes that send samples.
    """
    told = ledger.fact(_TOLD)
    known = ledger.node_capacities()
    if not known or (told is not None and now_ms - int(told) < DAY_MS):  # without a node Slurm was not read yet
        return
    unknown = set(names) - known.keys() - settings.cluster.nodes_outside
    if unknown:
        said = "send samples, but Slurm does not know them; name login nodes in cluster.outside_slurm"
        ledger.add_fault("attribution", f"{compress(unknown)}: {said}", now_ms)
        ledger.put_fact(_TOLD, str(now_ms))
