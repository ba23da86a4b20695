"""One job over time: the kernel run on the job's nodes with finer edges, so that its sums agree with the ledger."""

from sqlalchemy import Engine

from aggregator.queries.models import NodeSeries
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.viewer import Viewer


def job_series(
    engine: Engine,
    store: Store | None,
    viewer: Viewer,
    job_id: int,
    start_ms: int | None,
    max_points: int,
    settings: Settings,
    now_ms: int,
) -> tuple[NodeSeries, ...]:
    """Not yet."""
    return ()
