"""What jobs that run now draw, and what they drew since a moment: how much a session cost that nobody works in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from aggregator.ledger.tables import bookings, jobs
from aggregator.queries.expressions import energy_of, visible
from aggregator.queries.job_detail import clusters
from aggregator.queries.job_rows import job_rows
from aggregator.queries.models import JobRow
from maxwatt.domain.energy import Account
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class RecentJob:
    """A job to look at.

    Args:
        job_id: as Slurm counts.
        user: whose it must be: who names a job id need not know whose it is.
        not_before_ms: it must not have started earlier, for ids come again [epoch ms].
        since_ms: ask what it drew since then [epoch ms]; None: do not.
    """

    job_id: int
    user: str
    not_before_ms: int
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DrawnSince:
    """What a job drew from `since_ms` until `until_ms`, up to which it is booked [epoch ms]; None is unknown."""

    since_ms: int
    until_ms: int
    energy_j: float | None
    co2_g: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class RecentUse:
    """A job, its mean power over the newest piece of time booked [W], and what it drew since the moment asked for."""

    row: JobRow
    power_w: float | None
    since: DrawnSince | None


@dataclass(frozen=True, slots=True)
class Piece:
    """What one node gave a job over [start_ms, end_ms); None is unknown."""

    start_ms: int
    end_ms: int
    energy_j: float | None
    co2_g: float | None
    cost: float | None


def recent_uses(
    connection: Connection, viewer: Viewer, wanted: Sequence[RecentJob], now_ms: int
) -> Mapping[int, RecentUse]:
    """Job id to its use, for those of `wanted` that are known and that the viewer may see."""
    found = _find(connection, viewer, wanted)
    rows = job_rows(connection, list(found), now_ms)
    pieces = _pieces(connection, {job_ref: row.start_ms for job_ref, row in zip(found, rows, strict=True)})
    return {
        asked.job_id: RecentUse(row, newest_power_w(pieces[job_ref]), _since(pieces[job_ref], row, asked.since_ms))
        for (job_ref, asked), row in zip(found.items(), rows, strict=True)
    }


def drawn_since(pieces: Sequence[Piece], since_ms: int) -> DrawnSince | None:
    """What was drawn from a moment on; None while nothing after it is booked.

    The ledger knows no less than a bucket of 15 minutes: of that in which the moment lies, the part after it counts,
    as though the power had been even: E = Σ E_b · |[since, ∞) ∩ b| / |b|.
    """
    later = [piece for piece in pieces if piece.end_ms > since_ms]
    if not later:
        return None
    parts = [(piece.end_ms - max(piece.start_ms, since_ms)) / (piece.end_ms - piece.start_ms) for piece in later]
    return DrawnSince(
        since_ms,
        max(piece.end_ms for piece in later),
        _weighted([piece.energy_j for piece in later], parts),
        _weighted([piece.co2_g for piece in later], parts),
        _weighted([piece.cost for piece in later], parts),
    )


def newest_power_w(pieces: Sequence[Piece]) -> float | None:
    """Mean power over the newest bucket, all nodes together [W]; None where it is not known."""
    newest_ms = max((piece.start_ms for piece in pieces), default=0)
    last = [piece for piece in pieces if piece.start_ms == newest_ms]
    if not last:
        return None
    return _weighted([piece.energy_j for piece in last], [MS_PER_S / (piece.end_ms - piece.start_ms) for piece in last])


def _weighted(values: Sequence[float | None], parts: Sequence[float]) -> float | None:
    """Sum of the parts; None as soon as one value is not known."""
    known = [value * part for value, part in zip(values, parts, strict=True) if value is not None]
    return sum(known) if len(known) == len(parts) else None


def _since(pieces: Sequence[Piece], row: JobRow, since_ms: int | None) -> DrawnSince | None:
    return None if since_ms is None else drawn_since(pieces, max(since_ms, row.start_ms))


def _find(connection: Connection, viewer: Viewer, wanted: Sequence[RecentJob]) -> dict[int, RecentJob]:
    """The ledger's number of the latest attempt of each job, where it is the job that was meant."""
    meant = {(job.job_id, job.user): job for job in wanted}
    statement = (
        select(jobs.c.job_ref, jobs.c.job_id, jobs.c.user, jobs.c.start_ms)
        .where(jobs.c.cluster.in_(clusters(connection)), jobs.c.job_id.in_([job.job_id for job in wanted]))
        .where(visible(viewer))
        .order_by(jobs.c.start_ms)
    )
    latest = {row.job_id: row for row in connection.execute(statement)} if wanted else {}
    found = ((row, meant.get((row.job_id, row.user))) for row in latest.values())
    return {row.job_ref: job for row, job in found if job is not None and row.start_ms >= job.not_before_ms}


def _pieces(connection: Connection, starts_ms: Mapping[int, int]) -> dict[int, list[Piece]]:
    """Bookings of each job; of a bucket in which it started the piece begins with the job."""
    found: dict[int, list[Piece]] = {job_ref: [] for job_ref in starts_ms}
    columns = ("job_ref", "bucket_ms", "held_s", "covered_s", "co2_g", "cost")
    statement = select(*(bookings.c[name] for name in columns), energy_of().label("energy_j")).where(
        bookings.c.job_ref.in_(list(starts_ms)), bookings.c.account == int(Account.JOB), bookings.c.held_s > 0
    )
    for row in connection.execute(statement):
        start_ms = max(row.bucket_ms, starts_ms[row.job_ref])
        known = row.covered_s > 0 or row.energy_j != 0
        values = (row.energy_j, row.co2_g, row.cost) if known else (None, None, None)
        found[row.job_ref].append(Piece(start_ms, start_ms + round(row.held_s * MS_PER_S), *values))
    return found
