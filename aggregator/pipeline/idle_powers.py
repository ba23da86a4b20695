"""Idle powers for the kernel: as the ledger froze them for each UTC day; a day without any is calibrated first."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.kernel.arrays import IdlePowers
from aggregator.ledger.idle import BOARDS, IdlePower
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.calibrate import calibrated
from aggregator.pipeline.chunks import reach_ms
from maxwatt.config import Settings
from maxwatt.domain.ports import SampleWindow, Store
from maxwatt.domain.units import DAY_MS


def idle_powers(
    store: Store, ledger: Ledger, settings: Settings, samples: SampleWindow
) -> tuple[IdlePowers, list[IdlePower]]:
    """Idle powers of the nodes and days of some samples, and those that were calibrated here: the caller freezes them.

    Raises:
        SourceError: the store could not be read.
    """
    wanted = _nodes_by_day(samples)
    if not wanted:
        return as_arrays(samples, (), settings), []
    known = ledger.idle_powers(samples.nodes, min(wanted), max(wanted))
    there = {(each.node, each.day_ms) for each in known}
    lacking = {day: [name for name in names if (name, day) not in there] for day, names in wanted.items()}
    days = ((day_ms, names) for day_ms, names in sorted(lacking.items()) if names)
    new = [each for day_ms, names in days for each in calibrated(store, ledger, settings, names, day_ms)]
    return as_arrays(samples, [*known, *new], settings), new


def thaw(
    ledger: Ledger, settings: Settings, start_ms: int, end_ms: int, nodes: Sequence[str] | None = None
) -> tuple[int, int]:
    """Let the UTC days that a time touches be calibrated anew when they are booked next.

    Args:
        start_ms, end_ms: epoch ms UTC.
        nodes: host names; None: every node.

    Returns:
        The time [epoch ms UTC] whose bookings change with them: the days, and what intervals across midnight reach.
    """
    first_ms, last_ms = start_ms - start_ms % DAY_MS, end_ms + -end_ms % DAY_MS
    ledger.thaw_idle_powers(first_ms, last_ms, nodes)
    return first_ms - reach_ms(settings), last_ms + reach_ms(settings)


def as_arrays(samples: SampleWindow, known: Sequence[IdlePower], settings: Settings) -> IdlePowers:
    """The kernel's arrays for the nodes of some samples: the node models' values where the ledger has none."""
    days = sorted({each.day_ms for each in known}) or [0]
    boards = 1 + (pc.max(samples.gpu["gpu"]).as_py() or 0)
    models = [settings.model_of(name) for name in samples.nodes]
    size = (len(models), (days[-1] - days[0]) // DAY_MS + 1)
    power_w = {
        part: np.array([np.full(size[1], value or np.nan) for value in values]).reshape(size)
        for part, values in (
            ("cpu", [model.cpu_idle_w for model in models]),
            ("dram", [model.dram_idle_w for model in models]),
            ("rest", [model.rest_base_w for model in models]),
            (BOARDS, [model.gpu_idle_w for model in models]),
        )
    }
    place = {name: index for index, name in enumerate(samples.nodes)}
    own = []
    for each in known:
        at = (place[each.node], (each.day_ms - days[0]) // DAY_MS)
        watts = np.nan if each.power_w is None else each.power_w
        if each.component in power_w:
            power_w[each.component][at] = watts
        else:
            own.append((*at, int(each.component.removeprefix(BOARDS)), watts))
    gpu_w = np.repeat(power_w[BOARDS][:, :, None], boards, axis=2)
    for node, day, gpu, watts in own:
        if gpu < boards:
            gpu_w[node, day, gpu] = watts
    return IdlePowers(days[0], power_w["cpu"], power_w["dram"], power_w["rest"], gpu_w)


def _nodes_by_day(samples: SampleWindow) -> Mapping[int, list[str]]:
    """UTC day [epoch ms] to the nodes with samples on it."""
    found: dict[int, set[int]] = {}
    for table in (samples.node, samples.gpu):
        for day_ms, node in _pairs(table):
            found.setdefault(day_ms, set()).add(node)
    return {day_ms: [samples.nodes[index] for index in sorted(nodes)] for day_ms, nodes in found.items()}


def _pairs(table: pa.Table) -> set[tuple[int, int]]:
    """Distinct (day [epoch ms UTC], node index) of a table that is sorted by node, then entity and time."""
    if not table.num_rows:
        return set()
    ts_ms, node = table["ts_ms"].to_numpy(), table["node"].to_numpy()
    # Time goes back, or jumps over midnight, at few rows only: only these and the first of each node are looked at.
    first_ms = int(ts_ms.min())
    turns = np.append(True, (ts_ms[1:] < ts_ms[:-1]) | (node[1:] != node[:-1]))
    for midnight in range(first_ms - first_ms % DAY_MS + DAY_MS, int(ts_ms.max()) + 1, DAY_MS):
        turns[1:] |= (ts_ms[1:] >= midnight) & (ts_ms[:-1] < midnight)
    rows = np.flatnonzero(turns)
    day = ts_ms[rows] // DAY_MS * DAY_MS
    return set(zip(day.tolist(), node[rows].tolist(), strict=True))
