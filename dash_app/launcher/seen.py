"""Sessions as pages show them: each with what people call it, what its job draws, and since when it is idle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.queries.recent import RecentJob, RecentUse
from dash_app.launcher.launcher import Launcher
from dash_app.launcher.session import Session
from dash_app.ports import PageQueries
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer

CLOCKS_APART_MS: Final = 60 * MS_PER_S
"""The hub's clock and Slurm's may differ by this: a job that began earlier is another with the same id."""


@dataclass(frozen=True, slots=True)
class SeenSession:
    """One session.

    Args:
        title: what people call it.
        use: its job and what that draws; None while Slurm's records name no such job of its owner.
        idle_since_ms: its last activity, when it is idle [epoch ms].
    """

    session: Session
    title: str
    use: RecentUse | None = None
    idle_since_ms: int | None = None


def seen(
    launcher: Launcher, queries: PageQueries, viewer: Viewer, sessions: Sequence[Session], now_ms: int
) -> tuple[SeenSession, ...]:
    """Sessions with their jobs: the hub says which job each is, Slurm's records whether it is its owner's."""
    idle = [one.idle_since_ms(now_ms, launcher.idle_after_s) for one in sessions]
    wanted = [_job(one, since_ms) for one, since_ms in zip(sessions, idle, strict=True) if one.job_id is not None]
    uses = queries.recent_uses(viewer, wanted)
    return tuple(
        SeenSession(one, launcher.title(one), _of(one, uses.get(one.job_id or 0)), since_ms)
        for one, since_ms in zip(sessions, idle, strict=True)
    )


def session_of_job(
    launcher: Launcher, queries: PageQueries, viewer: Viewer, job_id: int, now_ms: int
) -> SeenSession | None:
    """The session that a running job is; None where it is none, or none of this viewer's to see."""
    attempts = queries.job_attempts(viewer, job_id)
    if not attempts or attempts[-1].end_ms is not None:
        return None
    meant = [one for one in launcher.sessions(viewer, attempts[-1].user) if one.job_id == job_id]
    return next((one for one in seen(launcher, queries, viewer, meant, now_ms) if one.use is not None), None)


def _job(session: Session, since_ms: int | None) -> RecentJob:
    return RecentJob(session.job_id or 0, session.owner, (session.started_ms or 0) - CLOCKS_APART_MS, since_ms)


def _of(session: Session, use: RecentUse | None) -> RecentUse | None:
    """A job's use, if the job is the session's owner's: two sessions may name one job, and one of them lies."""
    return use if use is not None and use.row.user == session.owner else None
