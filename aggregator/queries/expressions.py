"""SQL that more than one read model needs: sums over bookings, and what a viewer may see."""

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, or_, select, true

from aggregator.ledger.tables import bookings, jobs, users
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.rollups import VALUE_COLUMNS
from maxwatt.domain.viewer import Viewer

Expression = ColumnElement[Any]


def visible(viewer: Viewer, *, first: bool = True) -> ColumnElement[bool]:
    """Condition on `jobs`: all, or the viewer's own and those of the accounts they coordinate; without a name none.

    Args:
        first: False where few bookings lead to the jobs: the database must not begin with all jobs that somebody has.
    """
    if viewer.sees_all:
        return true()
    # An expression in the place of the column hides its index.
    user, account = (jobs.c.user, jobs.c.account) if first else (jobs.c.user.concat(""), jobs.c.account.concat(""))
    own = user == viewer.user if viewer.user else false()
    return or_(own, account.in_(sorted(viewer.accounts))) if viewer.accounts else own


def visible_parts(viewer: Viewer) -> tuple[ColumnElement[bool], ...]:
    """The same as conditions of which any has to hold: of each an index gives the newest jobs."""
    if viewer.sees_all:
        return (true(),)
    own = (jobs.c.user == viewer.user,) if viewer.user else ()
    return (*own, *(jobs.c.account == account for account in sorted(viewer.accounts))) or (false(),)


def own_bookings(viewer: Viewer, which: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
    """Condition on `bookings`: all accounts, or only those of the viewer's own jobs and sessions.

    Args:
        which: condition on `jobs` that holds for the viewer's jobs with bookings in question; None: `visible`.
    """
    if viewer.sees_all:
        return true()
    own_jobs = bookings.c.job_ref.in_(select(jobs.c.job_ref).where(visible(viewer) if which is None else which))
    return or_((bookings.c.account == int(Account.JOB)) & own_jobs, own_sessions(viewer))


def own_sessions(viewer: Viewer) -> ColumnElement[bool]:
    """Condition on `bookings`: all sessions, or only the viewer's own. A viewer without a name has none."""
    of_sessions = bookings.c.account == int(Account.SESSION)
    if viewer.sees_all:
        return of_sessions
    own = users.c.name == viewer.user if viewer.user else false()
    return of_sessions & bookings.c.job_ref.in_(select(users.c.uid).where(own))


def energy_of(ending: str = "_j") -> Expression:
    """Energy of a booking [J] over the columns with this ending, such as `_static_j`."""
    return _sum_of_columns([name for name in ENERGY_COLUMNS if name.endswith(ending)])


def energy_by_evidence() -> Expression:
    """The same joules as all components', in fewer columns."""
    return _sum_of_columns(EVIDENCE_COLUMNS)


def sum_if_all_known(value: Expression, weight: Expression) -> Expression:
    """Sum of `value`, null as soon as one booking with a weight above 0 does not know it."""
    unknown = func.sum(case((value.is_(None) & (weight > 0), 1), else_=0))
    return case((unknown == 0, func.sum(value)))


def sum_if_never_null(value: Expression) -> Expression:
    """Sum of `value`, null as soon as one row does not know it."""
    return case((func.count() == func.count(value), func.sum(value)))


def booking_sums() -> list[Expression]:
    """Labelled sums over a group of bookings of one job (or of one node's other account).

    `spread_j` is Σ|E|·u: within one job the errors of its buckets share their cause (one model, one meter), so they
    add linearly.
    """
    static, dynamic = func.sum(energy_of("_static_j")), func.sum(energy_of("_dynamic_j"))
    return [
        (static + dynamic).label("energy_j"),
        static.label("energy_static_j"),
        dynamic.label("energy_dynamic_j"),
        *(func.sum(bookings.c[name]).label(name) for name in EVIDENCE_COLUMNS),
        func.sum(func.abs(energy_by_evidence()) * bookings.c.uncertainty).label("spread_j"),
        func.sum(bookings.c.held_s).label("held_s"),
        func.sum(bookings.c.covered_s).label("covered_s"),
        func.min(bookings.c.method_version).label("method_version"),
        func.min(bookings.c.bucket_ms).label("first_ms"),
        func.max(bookings.c.bucket_ms).label("last_ms"),
        *(sum_if_never_null(bookings.c[name]).label(name) for name in VALUE_COLUMNS),
    ]


def _sum_of_columns(names: Sequence[str]) -> Expression:
    return reduce(operator.add, (bookings.c[name] for name in names))
