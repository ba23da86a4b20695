"""Mean power over time: by what it was for, by component, or by whose jobs and sessions drew it."""

import operator
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, get_args

from sqlalchemy import Connection, Select, func, select, union_all

from aggregator.ledger.refresh import Site
from aggregator.ledger.rollups import name_of_job
from aggregator.ledger.tables import bookings, jobs, rollups, users
from aggregator.queries.accounts import ACCOUNT_NAMES, OF_USERS
from aggregator.queries.booked_time import has_folded_days, in_time, measured_seconds
from aggregator.queries.cluster_models import OTHERS, Split
from aggregator.queries.energy_models import EnergySeries
from aggregator.queries.expressions import own_bookings, own_sessions, visible
from aggregator.queries.lives import overlapping
from aggregator.queries.pieces import Piece, inside, pieces
from aggregator.queries.rolled import dimension_of, names_of
from maxwatt.domain.energy import COMPONENTS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.errors import InputError
from maxwatt.domain.periods import HOUR_MS, Period, start_of
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer

SPLITS: Final = get_args(Split)

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "kind": tuple(ACCOUNT_NAMES.values()),
    "component": tuple(component.value for component in COMPONENTS),
}
"""Splits into parts that are known beforehand: a row of sums has a column of each. Other splits are by name."""

FINE_MS: Final = 2 * DAY_MS
"""Up to this long a time is told in buckets, a longer one in whole hours, which are summed already [ms]."""

Energies = dict[tuple[int, str], float]
"""Number of the step and name to energy [J]."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a series from `first_ms` to `until_ms`, each `step_ms` long [epoch ms UTC, ms]."""

    first_ms: int
    until_ms: int
    step_ms: int

    def of(self, ts_ms: int) -> int:
        """Number of the step that holds a moment [epoch ms UTC]."""
        return (ts_ms - self.first_ms) // self.step_ms


def energy_series(
    connection: Connection,
    viewer: Viewer,
    since_ms: int,
    until_ms: int,
    max_points: int,
    *,
    site: Site,
    split: Split = "kind",
    top: int = 8,
) -> EnergySeries:
    """Mean power in steps of whole buckets, or of whole hours of the site where there would be too many of them.

    Steps are whole UTC days as soon as one of the days is folded: when in the day it was, nobody knows any more.

    A step's mean is its energy over the time of its buckets that were measured; None where none was. The bucket under
    way counts up to the moment it was computed. Who does not see all gets their own jobs and sessions only.

    Args:
        split: what it is split by; a name stands for the jobs and sessions of that user, account or partition.
        top: of names, so many of the largest, and OTHERS for the rest.

    Raises:
        InputError: less than one point, or another split.
    """
    if max_points < 1:
        raise InputError(f"a series needs at least one point, not {max_points}")
    if split not in SPLITS:
        raise InputError(f"power is split by {', '.join(SPLITS)}, not by {split!r}")
    steps = _steps(connection, site, since_ms, until_ms, max_points)
    energy_j = _energies(connection, viewer, split, steps, since_ms, site)
    step_s = measured_seconds(connection, since_ms, until_ms, steps.first_ms, steps.step_ms)
    starts = tuple(range(steps.first_ms, until_ms, steps.step_ms))
    names = _names(split, viewer, energy_j, top)
    folded = _with_others(energy_j, set(names))
    power_w = {
        name: tuple(
            folded.get((step, name), 0.0) / step_s[step] if step_s.get(step) else None for step in range(len(starts))
        )
        for name in names
    }
    return EnergySeries(starts, steps.step_ms, power_w)


def _steps(connection: Connection, site: Site, since_ms: int, until_ms: int, max_points: int) -> Steps:
    piece_ms, first_ms = BUCKET_MS, -(-since_ms // BUCKET_MS) * BUCKET_MS
    if has_folded_days(connection, since_ms, until_ms):
        piece_ms, first_ms = DAY_MS, -(-since_ms // DAY_MS) * DAY_MS
    elif until_ms - first_ms > max(max_points * BUCKET_MS, FINE_MS):
        piece_ms, first_ms = HOUR_MS, start_of(Period.HOUR, first_ms, site.zone)
    pieces = max(0, -(-(until_ms - first_ms) // piece_ms))
    return Steps(first_ms, until_ms, max(1, -(-pieces // max_points)) * piece_ms)


def _energies(
    connection: Connection, viewer: Viewer, split: Split, steps: Steps, since_ms: int, site: Site
) -> Energies:
    """Energy by step and name: of whole hours or UTC days from their sums, where that says it all."""
    found: Energies = defaultdict(float)
    first_ms = max(since_ms, steps.first_ms)
    spans = [Piece(None, first_ms, steps.until_ms)]
    dimension = _dimension(split, viewer)
    if dimension is not None and steps.until_ms - first_ms > FINE_MS and steps.step_ms % HOUR_MS == 0:
        periods = (Period.UTC_DAY, Period.HOUR) if steps.step_ms % DAY_MS == 0 else (Period.HOUR,)
        spans = pieces(connection, (first_ms, steps.until_ms), site, periods)
    statements, summed = list[Any](), [piece for piece in spans if piece.period is not None]
    if summed and dimension is not None:
        statements.append(_rolled(split, dimension, steps, summed, viewer))
        if viewer.accounts and viewer.user and not viewer.sees_all:  # their own jobs are not in the accounts' sums
            whole = Piece(None, spans[0].start_ms, spans[-1].end_ms)
            statements.append(_booked(connection, split, viewer.alone, whole, apart=viewer.accounts))
            viewer = Viewer("", accounts=viewer.accounts)
    statements += [_booked(connection, split, viewer, piece) for piece in spans if piece.period is None]
    for statement in statements:
        for row in connection.execute(statement).mappings():
            _add(found, split, steps.of(row["at_ms"]), row)
    return found


def _dimension(split: Split, viewer: Viewer) -> Dimension | None:
    """Whose sums say it; None: only the bookings do."""
    named = None if split in _PARTS else Dimension[split.upper()]
    if viewer.sees_all:
        return named or Dimension.CLUSTER
    own = dimension_of(viewer)
    return own if named in {None, own} else None


def _add(found: Energies, split: Split, step: int, row: Any) -> None:
    """Add one row of sums to its step."""
    if split in _PARTS:
        for name in _PARTS[split]:
            found[step, name] += row[name] or 0.0
    else:
        found[step, row["name"]] += row["energy_j"]


def _rolled(split: Split, dimension: Dimension, steps: Steps, parts: Sequence[Piece], viewer: Viewer) -> Select[Any]:
    """Sums of the parts that are summed, by step; of who does not see all, those under their names."""
    part = rollups.c
    at_ms = (part.start_ms - (part.start_ms - steps.first_ms) % steps.step_ms).label("at_ms")
    names = () if split in _PARTS else (part.name,)
    found = select(at_ms, *names, *_sums(part, split))
    found = found.where(inside(parts), part.dimension == int(dimension))
    if names:
        found = found.where(part.account.in_([int(account) for account in OF_USERS]))
    found = found if viewer.sees_all else found.where(part.name.in_(names_of(viewer)))
    return found.group_by(at_ms.name, *names)  # by its name: its parameters are others the second time


def _sums(part: Any, split: Split) -> list[Any]:
    """Energy [J] of each part of a split, of components static and dynamic together; in one of a split by names."""
    if split == "component":
        pairs = [(part[f"{component}_static_j"], part[f"{component}_dynamic_j"], component) for component in COMPONENTS]
        return [func.sum(static + dynamic).label(component) for static, dynamic, component in pairs]
    # The columns of evidence hold the same joules as the components, and are fewer.
    energy_j = func.sum(reduce(operator.add, (part[name] for name in EVIDENCE_COLUMNS)))
    if split == "kind":  # not grouped by account: the rows of a bucket would have to be sorted first
        return [energy_j.filter(part.account == int(account)).label(name) for account, name in ACCOUNT_NAMES.items()]
    return [energy_j.label("energy_j")]


def _booked(connection: Connection, split: Split, viewer: Viewer, piece: Piece, *, apart: Collection[str] = ()) -> Any:
    """Sums of buckets; names of jobs come from the jobs, those of sessions from the users.

    Args:
        apart: accounts whose jobs are left out.
    """
    booked = bookings.c
    within = in_time(piece.start_ms, piece.end_ms)
    sums = _sums(booked, split)
    at_ms = booked.bucket_ms.label("at_ms")
    if split in _PARTS:
        own = own_bookings(viewer, overlapping(connection, viewer, piece.start_ms, piece.end_ms, apart=apart))
        return select(at_ms, *sums).where(within, own).group_by(booked.bucket_ms)
    name = name_of_job(Dimension[split.upper()])
    of_jobs = select(at_ms, name.label("name"), *sums)
    of_jobs = of_jobs.join_from(bookings, jobs, jobs.c.job_ref == booked.job_ref)
    of_jobs = of_jobs.where(booked.account == int(Account.JOB), within, visible(viewer))
    of_jobs = of_jobs.where(jobs.c.account.not_in(sorted(apart))) if apart else of_jobs
    of_jobs = of_jobs.group_by(booked.bucket_ms, name)
    if split != "user":
        return of_jobs
    sessions = select(at_ms, users.c.name, *sums)
    sessions = sessions.join_from(bookings, users, users.c.uid == booked.job_ref)
    sessions = sessions.where(own_sessions(viewer), within).group_by(booked.bucket_ms, users.c.name)
    return union_all(of_jobs, sessions)


def _names(split: Split, viewer: Viewer, energy_j: Energies, top: int) -> list[str]:
    """Names in the order in which they are stacked."""
    if split == "component":
        return list(_PARTS[split])
    if split == "kind":
        return [name for account, name in ACCOUNT_NAMES.items() if viewer.sees_all or account in OF_USERS]
    total_j: dict[str, float] = defaultdict(float)
    for (_, name), amount_j in energy_j.items():
        total_j[name] += amount_j
    largest = sorted(total_j, key=lambda name: (-total_j[name], name))
    return largest if len(largest) <= top else [*largest[:top], OTHERS]


def _with_others(energy_j: Energies, names: set[str]) -> Energies:
    found: Energies = defaultdict(float)
    for (step, name), amount_j in energy_j.items():
        found[step, name if name in names else OTHERS] += amount_j
    return found
