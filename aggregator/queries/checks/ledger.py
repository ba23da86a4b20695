"""Is the ledger up to date, does it close, and what waits?"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, select

from aggregator.ledger.tables import redo, windows
from aggregator.ledger.windows import WindowState
from aggregator.queries.checks.finding import Finding, Level, Question, named
from maxwatt.domain.formatting import format_age, format_time
from maxwatt.domain.units import BUCKET_MS, MS_PER_S

AREA: Final = "ledger"
LATE_S: Final = 1800.0
"""A ledger that is further behind [s] is told."""
OPEN_S: Final = 3 * 3600.0
"""A window that is open for longer [s] waits for something."""
CLOSURE: Final = 1e-9
"""Largest relative gap between accounts and meter that the method allows."""


def checks(asked: Question) -> Iterator[Finding]:
    """Findings about the ledger itself."""
    yield from _booked(asked)
    yield from _closure(asked)
    yield from _waiting(asked)
    yield from _changed(asked)


def _booked(asked: Question) -> Iterator[Finding]:
    newest = asked.rows(
        select(windows.c.bucket_ms, windows.c.computed_ms).order_by(windows.c.bucket_ms.desc()).limit(1)
    )
    if not newest:
        yield Finding(Level.WARNING, AREA, "Nothing is booked yet.", "Start `maxwatt serve`, or import and attribute.")
        return
    until_ms = min(newest[0].bucket_ms + BUCKET_MS, newest[0].computed_ms)
    late_s = (asked.now_ms - until_ms) / MS_PER_S
    when = format_time(until_ms, asked.settings.cluster.timezone)
    if late_s > LATE_S:
        mend = "See whether `maxwatt serve` runs and whether nodes send samples."
        yield Finding(Level.WARNING, AREA, f"Booked until {when}: {format_age(late_s)} ago.", mend)
    else:
        yield Finding(Level.OK, AREA, f"Booked until {when}.")


def _closure(asked: Question) -> Iterator[Finding]:
    recent = windows.c.bucket_ms >= asked.since_ms
    count, worst = asked.rows(select(func.count(), func.max(windows.c.closure_error)).where(recent))[0]
    beyond = select(windows.c.bucket_ms).where(recent, windows.c.closure_error > CLOSURE)
    bad = [row.bucket_ms for row in asked.rows(beyond.order_by(windows.c.closure_error.desc()))]
    zone = asked.settings.cluster.timezone
    if bad:
        places = named(bad, lambda ms: format_time(ms, zone))
        sentence = f"In {len(bad)} of {count} windows the accounts miss the meter, by {worst:.1e} of it at most."
        yield Finding(Level.FAULT, AREA, sentence, "This is a fault of maxwatt: report it, with the window.", places)
    elif count:
        yield Finding(Level.OK, AREA, f"In all {count} windows the accounts sum to the meter (worst gap {worst:.0e}).")


def _waiting(asked: Question) -> Iterator[Finding]:
    old_ms = asked.now_ms - int(OPEN_S * MS_PER_S)
    waits = (windows.c.state == WindowState.OPEN.value) & (windows.c.bucket_ms < old_ms)
    count, oldest_ms = asked.rows(select(func.count(), func.min(windows.c.bucket_ms)).where(waits))[0]
    if count:
        since = format_time(oldest_ms, asked.settings.cluster.timezone)
        sentence = f"{count} windows are not final; the oldest begins {since}."
        yield Finding(Level.WARNING, AREA, sentence, "A source below is behind: windows close when all are in.")
    again = asked.rows(select(func.count()).select_from(redo))[0][0]
    if again:
        yield Finding(Level.OK, AREA, f"{again} stretches wait to be booked again: something changed after the fact.")


def _changed(asked: Question) -> Iterator[Finding]:
    recent = windows.c.bucket_ms >= asked.since_ms
    count = asked.rows(select(func.count()).where(recent))[0][0]
    again = select(windows.c.bucket_ms).where(recent, windows.c.revision > 1).order_by(windows.c.bucket_ms.desc())
    changed = [row.bucket_ms for row in asked.rows(again)]
    if changed:
        sentence = (
            f"{len(changed)} of {count} windows changed after they were final and have a new revision: samples or "
            "Slurm's records came late or were corrected."
        )
        zone = asked.settings.cluster.timezone
        yield Finding(Level.OK, AREA, sentence, places=named(changed, lambda ms: format_time(ms, zone)))
