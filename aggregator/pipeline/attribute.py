"""Booking a time: samples and jobs through the kernel into the ledger, chunk by chunk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from aggregator.kernel.arrays import I64, Lives, Suspensions, Window
from aggregator.kernel.attribution import attribute
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline import booking_rows, closure
from aggregator.pipeline.chunks import COLUMNS, Capacities, build_chunk, lives_of, node_chunks, reach_ms
from aggregator.pipeline.factors import FactorHistory, factor_history
from aggregator.sources.carbon.static import factors
from maxwatt.config import Settings
from maxwatt.domain import clock
from maxwatt.domain.ports import Store
from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S, bucket_start_ms

SHOWN_GAPS: Final = 20
"""Gaps noted as faults per chunk; more of them say nothing new."""

Progress = Callable[[float], None]
"""Called with the share that is done, 0..1."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a booking did: rows the kernel gave, rows that differed from the ledger, the worst gap to the meter."""

    windows: int = 0
    rows: int = 0
    changed: int = 0
    closure_error: float = 0.0
    faults: int = 0

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.windows + other.windows,
            self.rows + other.rows,
            self.changed + other.changed,
            max(self.closure_error, other.closure_error),
            self.faults + other.faults,
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over a booking."""

    store: Store
    ledger: Ledger
    settings: Settings
    capacities: Capacities
    factors: FactorHistory
    now_ms: int

    @property
    def reach_ms(self) -> int:
        return reach_ms(self.settings)


def attribute_range(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    start_ms: int,
    end_ms: int,
    *,
    nodes: Sequence[str] | None = None,
    progress: Progress | None = None,
    now_ms: int | None = None,
) -> Report:
    """Book all buckets that touch [start_ms, end_ms); what the ledger said of them before is replaced.

    Memory is bounded: one UTC day of `attribution.nodes_per_chunk` nodes at a time.

    Args:
        start_ms, end_ms: epoch ms UTC.
        nodes: host names; None: every node with samples, and every node on which a job held something.
        progress: told the share that is done.
        now_ms: what counts as the present [epoch ms UTC]; None: the clock.

    Raises:
        SourceError: the store could not be read. Whole days that were booked before stay booked.
        ConfigError: no carbon factor for the configured zone.
    """
    present = clock.now_ms() if now_ms is None else now_ms
    run = _Run(store, ledger, settings, ledger.node_capacities(), factor_history(ledger, factors(settings)), present)
    report, days = Report(), _days(start_ms, end_ms)
    for number, (first, last) in enumerate(days):
        tell = _part(progress, number, len(days))
        report += _book_day(run, first, last, nodes, tell)
    if progress is not None:
        progress(1.0)
    return report


def _days(start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The whole buckets that touch the time, cut at UTC midnights."""
    first, last = bucket_start_ms(start_ms), bucket_start_ms(end_ms - 1) + BUCKET_MS
    cuts = [first, *range(first - first % DAY_MS + DAY_MS, last, DAY_MS), last]
    return [(low, high) for low, high in pairwise(cuts) if low < high]


def _part(progress: Progress | None, number: int, count: int) -> Progress:
    if progress is None:
        return lambda _: None
    return lambda share: progress((number + share) / count)


def _book_day(run: _Run, start_ms: int, end_ms: int, nodes: Sequence[str] | None, tell: Progress) -> Report:
    names = sorted(set(nodes)) if nodes is not None else _all_nodes(run, start_ms, end_ms)
    max_gap_ms = int(run.settings.attribution.max_gap_s * MS_PER_S)
    window = Window(np.arange(start_ms, end_ms + 1, BUCKET_MS, dtype=np.int64), max_gap_ms)
    revisions = run.ledger.revisions(start_ms, end_ms)
    lives, suspensions = run.ledger.load_lives(names, start_ms - run.reach_ms, end_ms + run.reach_ms)
    report, errors = Report(windows=len(window.edges_ms) - 1), np.zeros(len(window.edges_ms) - 1)
    for first, last in node_chunks(names, run.settings.attribution.nodes_per_chunk):
        held = lives_of(lives, suspensions, first, last)
        done, worst = _book_chunk(run, names[first:last], held, window, revisions)
        report, errors = report + done, np.maximum(errors, worst)
        tell(last / len(names))
    run.ledger.note_booked(_by_bucket(window, errors), run.now_ms, partial=nodes is not None)
    return report


def _all_nodes(run: _Run, start_ms: int, end_ms: int) -> list[str]:
    return sorted(run.store.newest_ms().keys() | run.ledger.allocated_nodes(start_ms, end_ms))


def _by_bucket(window: Window, errors: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> dict[int, float]:
    return dict(zip(window.edges_ms[:-1].tolist(), errors.tolist(), strict=True))


def _book_chunk(
    run: _Run, nodes: Sequence[str], held: tuple[Lives, Suspensions], window: Window, revisions: dict[int, int]
) -> "tuple[Report, np.ndarray[tuple[int], np.dtype[np.float64]]]":
    """Book some nodes; returns what was done and the worst gap per bucket."""
    start_ms, end_ms = _edges(window.edges_ms)
    samples = run.store.read(nodes, start_ms - run.reach_ms, end_ms + run.reach_ms, COLUMNS)
    booked, measured = attribute(build_chunk(samples, held, run.capacities, run.settings), window)
    gaps = closure.closure_gaps(booked, measured)
    beyond = closure.beyond_limit(gaps, nodes, window)
    run.ledger.add_faults("attribution", [str(gap) for gap in beyond[:SHOWN_GAPS]], run.now_ms)
    rows = booking_rows.booking_rows(booked, held[0], nodes, window, run.factors)
    meters = booking_rows.measured_rows(measured, nodes, window)
    changed = run.ledger.replace_bookings(nodes, (start_ms, end_ms), rows, meters, revisions)
    worst = gaps.max(axis=(0, 2), initial=0.0)
    return Report(0, len(rows), changed, float(worst.max(initial=0.0)), len(beyond)), worst


def _edges(edges_ms: I64) -> tuple[int, int]:
    return int(edges_ms[0]), int(edges_ms[-1])
