"""One job that waits, as the controller last said."""

from sqlalchemy import ColumnElement, Connection, false, or_, select, true

from aggregator.ledger.tables import waiting
from maxwatt.domain.jobs import WaitingJob
from maxwatt.domain.viewer import Viewer


def waiting_job(connection: Connection, viewer: Viewer, job_id: int) -> WaitingJob | None:
    """The job of an id that waits; None where there is none that this viewer may see."""
    statement = select(waiting).where(waiting.c.job_id == job_id, _visible(viewer)).limit(1)
    row = connection.execute(statement).mappings().first()
    return None if row is None else WaitingJob(**row)


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    """As `expressions.visible` says of `jobs`."""
    if viewer.sees_all:
        return true()
    own = waiting.c.user == viewer.user if viewer.user else false()
    return or_(own, waiting.c.account.in_(sorted(viewer.accounts))) if viewer.accounts else own
