"""Booking a time: samples and jobs through the kernel into the ledger, chunk by chunk."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bookings, Chunk, Lives, Measured, States, Tenants, Window
from aggregator.kernel.attribution import attribute
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline import booking_rows, closure, fine, siblings
from aggregator.pipeline.ahead import ahead
from aggregator.pipeline.chunks import (
    COLUMNS,
    Capacities,
    build_chunk,
    margin_ms,
    node_chunks,
    nodes_at_once,
    states_of,
    tenants_of,
    window_of,
)
from aggregator.pipeline.factors import FactorHistory, factor_history
from aggregator.pipeline.idle_powers import idle_powers, thaw
from aggregator.pipeline.logged_in import users_of
from aggregator.pipeline.oddities import oddities
from aggregator.pipeline.series import series_of
from aggregator.pipeline.values import Values, values_of
from maxwatt.config import Settings
from maxwatt.domain import clock
from maxwatt.domain.errors import InputError
from maxwatt.domain.formatting import iso_time
from maxwatt.domain.ports import SampleWindow, Store
from maxwatt.domain.units import BUCKET_MS, DAY_MS, bucket_start_ms

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
    def margin_ms(self) -> int:
        return margin_ms(self.settings)


@dataclass(frozen=True, slots=True)
class _Day:
    """What all chunks of a day share: samples are read over `span_ms`; names beyond the first `own` are of siblings."""

    window: Window
    span_ms: tuple[int, int]
    names: tuple[str, ...]
    own: int
    tenants: Tenants
    states: States
    revisions: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Nodes first..last-1 of a day, and which share of the whole booking is done with them."""

    day: _Day
    first: int
    last: int
    done: float


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
    recalibrate: bool = False,
) -> Report:
    """Book all buckets that touch [start_ms, end_ms); what the ledger said of them before is replaced.

    `attribution.workers` threads read and attribute ahead, while what they found is written here, in order. Memory is
    bounded: one UTC day of `attribution.nodes_per_chunk` nodes for each of them.

    Args:
        start_ms, end_ms: epoch ms UTC.
        nodes: host names; None: every node with samples, and every node on which a job held something.
        progress: told the share that is done; what it raises ends the booking between two chunks.
        now_ms: what counts as the present [epoch ms UTC]; None: the clock.
        recalibrate: find the idle powers of the UTC days touched anew, and book all that changes with them.

    Raises:
        SourceError: the store could not be read. Whole days that were booked before stay booked.
        ConfigError: no carbon factor for the configured zone.
        InputError: a part of the time is frozen: it is folded, or its samples are gone.
    """
    frozen_ms = _refuse_frozen(ledger, start_ms)
    present = clock.now_ms() if now_ms is None else now_ms
    if recalibrate:
        start_ms, end_ms = _with_samples(store, *thaw(ledger, settings, start_ms, end_ms, nodes))
        start_ms = max(start_ms, frozen_ms)
    factors = factor_history(
        ledger, series_of(ledger, settings, bucket_start_ms(start_ms), end_ms + BUCKET_MS, present)
    )
    run = _Run(store, ledger, settings, ledger.node_capacities(), factors, present)
    report, errors = Report(), np.zeros(0)
    pieces = _pieces(run, start_ms, end_ms, nodes)
    for piece, found in ahead(lambda piece: _attributed(run, piece), pieces, settings.attribution.workers):
        done, worst = _book(run, piece, *found)
        errors = worst if piece.first == 0 else np.maximum(errors, worst)
        report += done
        if piece.last == piece.day.own:
            report += Report(windows=len(errors))
            ledger.note_booked(_by_bucket(piece.day.window, errors), present, partial=nodes is not None)
        if progress is not None:
            progress(piece.done)
    return report


def _refuse_frozen(ledger: Ledger, start_ms: int) -> int:
    """Up to where the ledger is frozen [epoch ms UTC], which is before the start."""
    frozen_ms = ledger.frozen_until()
    if start_ms < frozen_ms:
        raise InputError(
            f"before {iso_time(frozen_ms, 'UTC')} nothing is booked again: bookings are folded to days there, or their "
            "samples are gone ([retention] in the configuration)"
        )
    return frozen_ms


def attributed(
    store: Store, ledger: Ledger, settings: Settings, factors: FactorHistory, span_ms: tuple[int, int], now_ms: int
) -> Iterator[tuple[tuple[str, ...], Lives, Bookings, Values]]:
    """What would be booked in a time, not booked: for each piece its nodes, lives, bookings and what they weigh."""
    run = _Run(store, ledger, settings, ledger.node_capacities(), factors, now_ms)
    for piece in _pieces(run, *span_ms, None):
        yield piece.day.names[piece.first : piece.last], *_attributed(run, piece)[:3]


def _pieces(run: _Run, start_ms: int, end_ms: int, nodes: Sequence[str] | None) -> Iterator[_Piece]:
    """All there is to book, in order of time; a day without nodes is one empty piece."""
    days = _days(start_ms, end_ms)
    for number, (low, high) in enumerate(days):
        names = sorted(set(nodes)) if nodes is not None else _all_nodes(run, low, high)
        day = _load_day(run, names, low, high)
        for first, last in node_chunks(names, nodes_at_once(run.settings, high - low)) or [(0, 0)]:
            yield _Piece(day, first, last, (number + (last / len(names) if names else 1.0)) / len(days))


def _with_samples(store: Store, start_ms: int, end_ms: int) -> tuple[int, int]:
    """The part of a time in which there are samples [epoch ms UTC]."""
    newest_ms = max(store.newest_ms().values(), default=start_ms)
    return max(start_ms, store.oldest_ms() or start_ms), min(end_ms, newest_ms + 1)


def _days(start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The whole buckets that touch the time, cut at UTC midnights."""
    first, last = bucket_start_ms(start_ms), bucket_start_ms(end_ms - 1) + BUCKET_MS
    cuts = [first, *range(first - first % DAY_MS + DAY_MS, last, DAY_MS), last]
    return [(low, high) for low, high in pairwise(cuts) if low < high]


def _load_day(run: _Run, names: Sequence[str], start_ms: int, end_ms: int) -> _Day:
    edges_ms = _edges(start_ms, end_ms, max(run.store.newest_ms().values(), default=end_ms))
    window = window_of(edges_ms, run.settings)
    span_ms = (start_ms - run.margin_ms, end_ms + run.margin_ms)
    others = sorted(run.ledger.sibling_nodes(names, *span_ms))
    everywhere = (*names, *others)
    tenants = run.ledger.load_tenants(everywhere, *span_ms, run.settings.model_of)
    states = run.ledger.load_states(names, *span_ms)
    return _Day(window, span_ms, everywhere, len(names), tenants, states, run.ledger.revisions(start_ms, end_ms))


def _edges(start_ms: int, end_ms: int, newest_ms: int) -> I64:
    """Edges of the buckets. The last one ends with the newest sample: what runs holds nothing in the future yet."""
    edges = np.arange(start_ms, end_ms + 1, BUCKET_MS, dtype=np.int64)
    if edges[-2] < newest_ms < edges[-1]:
        edges[-1] = newest_ms
    return edges


def _all_nodes(run: _Run, start_ms: int, end_ms: int) -> list[str]:
    return sorted(run.store.newest_ms().keys() | run.ledger.allocated_nodes(start_ms, end_ms))


def _by_bucket(window: Window, errors: F64) -> dict[int, float]:
    return dict(zip(window.edges_ms[:-1].tolist(), errors.tolist(), strict=True))


def _book(
    run: _Run, piece: _Piece, lives: Lives, booked: Bookings, values: Values, measured: Measured
) -> tuple[Report, F64]:
    """Write the bookings of a piece; returns what was done and the worst gap per bucket."""
    day, nodes, edges = piece.day, piece.day.names[piece.first : piece.last], piece.day.window.edges_ms
    gaps = closure.closure_gaps(booked, measured)
    beyond = closure.beyond_limit(gaps, nodes, day.window)
    held = tenants_of(day.tenants, piece.first, piece.last)
    odd = oddities(held, tuple(nodes), day.window, run.capacities, run.store.newest_ms().keys())
    run.ledger.add_faults("attribution", [*map(str, beyond[:SHOWN_GAPS]), *odd], run.now_ms)
    rows = booking_rows.booking_rows(booked, lives, nodes, day.window, values)
    meters = booking_rows.measured_rows(measured, nodes, day.window)
    changed = run.ledger.replace_bookings(nodes, (int(edges[0]), int(edges[-1])), rows, meters, day.revisions)
    worst = gaps.max(axis=(0, 2), initial=0.0)
    return Report(0, len(rows), changed, float(worst.max(initial=0.0)), len(beyond)), worst


def _attributed(run: _Run, piece: _Piece) -> tuple[Lives, Bookings, Values, Measured]:
    """The kernel's answer for a piece and what it weighs, with the lives that its rows point to."""
    day, first, last = piece.day, piece.first, piece.last
    own = tenants_of(day.tenants, first, last)
    others = siblings.siblings_of(day.tenants.lives, day.names, first, last)
    lives = siblings.with_lives(own.lives, others, last - first)
    chunk = _chunk(run, piece, others, replace(own, lives=lives))
    # A factor that changes inside a bucket is a cell edge: CO2 is that of the parts, the ledger's row their sum.
    parts = replace(day.window, edges_ms=run.factors.edges_with_changes(day.window.edges_ms))
    booked, measured = siblings.without_siblings(*attribute(chunk, parts), last - first)
    models = [run.settings.model_of(name) for name in day.names[first:last]]
    values = values_of(booked, parts, run.factors, models)
    if len(parts.edges_ms) > len(day.window.edges_ms):
        booked, values, measured = fine.merged(booked, values, measured, parts, day.window.edges_ms)
    return lives, booked, values, measured


def _chunk(run: _Run, piece: _Piece, others: siblings.Siblings, tenants: Tenants) -> Chunk:
    """The kernel's input. The samples' tables end here: only the arrays made of them go on."""
    samples, states = _samples(run, piece, others), states_of(piece.day.states, piece.first, piece.last)
    run.ledger.note_users(users_of(samples))
    idle = idle_powers(run.store, run.ledger, run.settings, samples)
    return build_chunk(samples, tenants, run.capacities, run.settings, idle, states)


def _samples(run: _Run, piece: _Piece, others: siblings.Siblings) -> SampleWindow:
    day = piece.day
    samples = run.store.read(day.names[piece.first : piece.last], *day.span_ms, COLUMNS)
    if not others.nodes:
        return samples
    at_once = run.settings.attribution.nodes_per_chunk
    return siblings.with_samples(samples, others, run.store, day.span_ms, at_once)
