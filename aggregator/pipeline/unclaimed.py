"""Work in job cgroups that no job explains is told once a day and node, with its size, when the day is complete."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from aggregator.kernel.from_arrow import job_samples
from aggregator.kernel.unclaimed import unclaimed_use
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.chunks import node_chunks, reach_ms
from aggregator.pipeline.inconsistencies import complete_days, day_name
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.units import DAY_MS

SOURCE: Final = "jobs"
LEAST_S: Final = 1.0
"""Fewer CPU seconds a day than this are what a job's last processes leave behind."""
SHOWN: Final = 5
"""Jobs that a sentence names, those with the most use."""
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {"job": ("cpu_seconds_total", "memory_resident_bytes")}


def tell_unclaimed(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    closing: Iterable[int],
    now_ms: int,
    go_on: Callable[[], None] = lambda: None,
) -> None:
    """Note a fault for every node on which jobs used CPUs on a complete UTC day of which Slurm told nothing.

    Args:
        closing: starts of windows that were just closed [epoch ms UTC].
        now_ms: the present [epoch ms UTC].
        go_on: called before each piece; what it raises ends the telling.

    Raises:
        SourceError: the store could not be read.
    """
    for day_ms in complete_days(ledger, closing):
        names = sorted(store.newest_ms())
        for first, last in node_chunks(names, settings.attribution.nodes_per_chunk):
            go_on()
            ledger.add_faults(SOURCE, list(_told(store, ledger, settings, names[first:last], day_ms)), now_ms)


def _told(store: Store, ledger: Ledger, settings: Settings, names: list[str], day_ms: int) -> Iterator[str]:
    reach, end_ms = reach_ms(settings), day_ms + DAY_MS
    job = job_samples(store.read(names, day_ms - reach, end_ms, COLUMNS).job)
    lives = ledger.load_tenants(names, day_ms - reach, end_ms + reach, settings.model_of).lives
    node, job_id, cpu_s = unclaimed_use(job, lives, day_ms, end_ms)
    for index in np.unique(node[cpu_s > 0]).tolist():
        own = node == index
        if cpu_s[own].sum() >= LEAST_S:
            yield _sentence(names[index], day_ms, dict(zip(job_id[own].tolist(), cpu_s[own].tolist(), strict=True)))


def _sentence(node: str, day_ms: int, cpu_s: dict[int, float]) -> str:
    most = sorted(cpu_s, key=lambda job_id: (-cpu_s[job_id], job_id))
    named = ", ".join(map(str, most[:SHOWN])) + (f" and {len(most) - SHOWN} more" if len(most) > SHOWN else "")
    return (
        f"node {node}, {day_name(day_ms)}: jobs of which Slurm tells nothing for that time used at least "
        f"{sum(cpu_s.values()):.0f} CPU s, booked on system: {named}"
    )
