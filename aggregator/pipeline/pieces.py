"""What a booking consists of: pieces of a few nodes over a day, each read and attributed on its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from aggregator.kernel.arrays import I64, Bookings, Chunk, Lives, Measured, States, Tenants, Window
from aggregator.kernel.attribution import attribute
from aggregator.ledger.idle import IdlePower
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.users import User
from aggregator.pipeline import fine, siblings
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
from aggregator.pipeline.factors import FactorHistory
from aggregator.pipeline.idle_powers import idle_powers
from aggregator.pipeline.logged_in import users_of
from aggregator.pipeline.values import Values, values_of
from maxwatt.config import Settings
from maxwatt.domain.ports import SampleWindow, Store
from maxwatt.domain.units import BUCKET_MS, DAY_MS, bucket_start_ms


@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same over a booking."""

    store: Store
    ledger: Ledger
    settings: Settings
    capacities: Capacities
    factors: FactorHistory
    now_ms: int

    @property
    def margin_ms(self) -> int:
        """How far [ms] beyond the windows samples are read."""
        return margin_ms(self.settings)


@dataclass(frozen=True, slots=True)
class Day:
    """What all chunks of a day share: samples are read over `span_ms`; names beyond the first `own` are of siblings."""

    window: Window
    span_ms: tuple[int, int]
    names: tuple[str, ...]
    own: int
    tenants: Tenants
    states: States
    revisions: dict[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """Nodes first..last-1 of a day, and which share of the whole booking is done with them."""

    day: Day
    first: int
    last: int
    done: float


@dataclass(frozen=True, slots=True)
class Found:
    """The bookings of a piece with the lives that they point to; users seen and idle powers calibrated on the way."""

    lives: Lives
    booked: Bookings
    values: Values
    measured: Measured
    users: Mapping[int, User]
    calibrated: Sequence[IdlePower]


def pieces_of(run: Run, start_ms: int, end_ms: int, nodes: Sequence[str] | None) -> Iterator[Piece]:
    """All there is to book, in order of time; a day without nodes is one empty piece."""
    days = _days(start_ms, end_ms)
    for number, (low, high) in enumerate(days):
        names = sorted(set(nodes)) if nodes is not None else _all_nodes(run, low, high)
        day = _load_day(run, names, low, high)
        for first, last in node_chunks(names, nodes_at_once(run.settings, high - low)) or [(0, 0)]:
            yield Piece(day, first, last, (number + (last / len(names) if names else 1.0)) / len(days))


def _days(start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The whole buckets that touch the time, cut at UTC midnights."""
    first, last = bucket_start_ms(start_ms), bucket_start_ms(end_ms - 1) + BUCKET_MS
    cuts = [first, *range(first - first % DAY_MS + DAY_MS, last, DAY_MS), last]
    return [(low, high) for low, high in pairwise(cuts) if low < high]


def _load_day(run: Run, names: Sequence[str], start_ms: int, end_ms: int) -> Day:
    edges_ms = _edges(start_ms, end_ms, max(run.store.newest_ms().values(), default=end_ms))
    window = window_of(edges_ms, run.settings)
    span_ms = (start_ms - run.margin_ms, end_ms + run.margin_ms)
    others = sorted(run.ledger.sibling_nodes(names, *span_ms))
    everywhere = (*names, *others)
    tenants = run.ledger.load_tenants(everywhere, *span_ms, run.settings.model_of)
    states = run.ledger.load_states(names, *span_ms)
    return Day(window, span_ms, everywhere, len(names), tenants, states, run.ledger.revisions(start_ms, end_ms))


def _edges(start_ms: int, end_ms: int, newest_ms: int) -> I64:
    """Edges of the buckets. The last one ends with the newest sample: what runs holds nothing in the future yet."""
    edges = np.arange(start_ms, end_ms + 1, BUCKET_MS, dtype=np.int64)
    if edges[-2] < newest_ms < edges[-1]:
        edges[-1] = newest_ms
    return edges


def _all_nodes(run: Run, start_ms: int, end_ms: int) -> list[str]:
    return sorted(run.store.newest_ms().keys() | run.ledger.allocated_nodes(start_ms, end_ms))


def attribute_piece(run: Run, piece: Piece) -> Found:
    """The kernel's answer for a piece and what it weighs. Nothing is written: writers would wait."""
    day, first, last = piece.day, piece.first, piece.last
    own = tenants_of(day.tenants, first, last)
    others = siblings.siblings_of(day.tenants.lives, day.names, first, last)
    lives = siblings.with_lives(own.lives, others, last - first)
    chunk, users, new = _chunk(run, piece, others, replace(own, lives=lives))
    # A factor that changes inside a bucket is a cell edge: CO2 is that of the parts, the ledger's row their sum.
    parts = replace(day.window, edges_ms=run.factors.edges_with_changes(day.window.edges_ms))
    booked, measured = siblings.without_siblings(*attribute(chunk, parts), last - first)
    models = [run.settings.model_of(name) for name in day.names[first:last]]
    values = values_of(booked, parts, run.factors, models)
    if len(parts.edges_ms) > len(day.window.edges_ms):
        booked, values, measured = fine.merged(booked, values, measured, parts, day.window.edges_ms)
    return Found(lives, booked, values, measured, users, new)


def _chunk(
    run: Run, piece: Piece, others: siblings.Siblings, tenants: Tenants
) -> tuple[Chunk, Mapping[int, User], Sequence[IdlePower]]:
    """The kernel's input, and what its samples tell. Their tables end here: only the arrays made of them go on."""
    samples, states = _samples(run, piece, others), states_of(piece.day.states, piece.first, piece.last)
    idle, new = idle_powers(run.store, run.ledger, run.settings, samples)
    return build_chunk(samples, tenants, run.capacities, run.settings, idle, states), users_of(samples), new


def _samples(run: Run, piece: Piece, others: siblings.Siblings) -> SampleWindow:
    day = piece.day
    samples = run.store.read(day.names[piece.first : piece.last], *day.span_ms, COLUMNS)
    if not others.nodes:
        return samples
    at_once = run.settings.attribution.nodes_per_chunk
    return siblings.with_samples(samples, others, run.store, day.span_ms, at_once)
