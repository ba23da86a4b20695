"""Booking a time: samples and jobs through the kernel into the ledger, chunk by chunk."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, Bookings, Lives, Window
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline import booking_rows, closure
from aggregator.pipeline.ahead import ahead
from aggregator.pipeline.chunks import (
    tenants_of,
)
from aggregator.pipeline.factors import FactorHistory, factor_history
from aggregator.pipeline.idle_powers import thaw
from aggregator.pipeline.oddities import oddities
from aggregator.pipeline.pieces import Found, Piece, Run, attribute_piece, pieces_of
from aggregator.pipeline.series import series_of
from aggregator.pipeline.values import Values
from maxwatt.config import Settings
from maxwatt.domain import clock
from maxwatt.domain.errors import InputError
from maxwatt.domain.formatting import iso_time
from maxwatt.domain.ports import Store
from maxwatt.domain.units import BUCKET_MS, bucket_start_ms

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
    run = Run(store, ledger, settings, ledger.node_capacities(), factors, present)
    report, errors = Report(), np.zeros(0)
    pieces = pieces_of(run, start_ms, end_ms, nodes)
    for piece, found in ahead(lambda piece: attribute_piece(run, piece), pieces, settings.attribution.workers):
        done, worst = _book(run, piece, found)
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
    run = Run(store, ledger, settings, ledger.node_capacities(), factors, now_ms)
    for piece in pieces_of(run, *span_ms, None):
        found = attribute_piece(run, piece)
        yield piece.day.names[piece.first : piece.last], found.lives, found.booked, found.values


def _with_samples(store: Store, start_ms: int, end_ms: int) -> tuple[int, int]:
    """The part of a time in which there are samples [epoch ms UTC]."""
    newest_ms = max(store.newest_ms().values(), default=start_ms)
    return max(start_ms, store.oldest_ms() or start_ms), min(end_ms, newest_ms + 1)


def _by_bucket(window: Window, errors: F64) -> dict[int, float]:
    return dict(zip(window.edges_ms[:-1].tolist(), errors.tolist(), strict=True))


def _book(run: Run, piece: Piece, found: Found) -> tuple[Report, F64]:
    """Write what was found of a piece; returns what was done and the worst gap per bucket."""
    day, nodes, edges = piece.day, piece.day.names[piece.first : piece.last], piece.day.window.edges_ms
    run.ledger.note_users(found.users)
    run.ledger.freeze_idle_powers(found.calibrated)
    gaps = closure.closure_gaps(found.booked, found.measured)
    beyond = closure.beyond_limit(gaps, nodes, day.window)
    held = tenants_of(day.tenants, piece.first, piece.last)
    odd = oddities(held, tuple(nodes), day.window, run.capacities, run.store.newest_ms().keys())
    run.ledger.add_faults("attribution", [*map(str, beyond[:SHOWN_GAPS]), *odd], run.now_ms)
    rows = booking_rows.booking_rows(found.booked, found.lives, nodes, day.window, found.values)
    meters = booking_rows.measured_rows(found.measured, nodes, day.window)
    changed = run.ledger.replace_bookings(nodes, (int(edges[0]), int(edges[-1])), rows, meters, day.revisions)
    worst = gaps.max(axis=(0, 2), initial=0.0)
    return Report(0, len(rows), changed, float(worst.max(initial=0.0)), len(beyond)), worst
