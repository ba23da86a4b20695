"""What the pages need from the queries, and nothing more."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from aggregator.queries.cluster_models import ClusterNow, NodeDetail, Outlook, Split
from aggregator.queries.energy_models import EnergyRow, EnergySeries, EnergySummary, Grouping, NodeEnergyRow
from aggregator.queries.explain import Explanation
from aggregator.queries.folded import Fold, FoldedPage
from aggregator.queries.health import Health
from aggregator.queries.home_models import Overview, RunningJobs, WaitingJobs
from aggregator.queries.job_models import Advices, Comparison, GpuUse, IntensitySeries, JobChange, JobNodes, JobWindows
from aggregator.queries.models import JobDetail, JobFilter, JobHead, JobPage, JobRow, Status
from aggregator.queries.own_use import OwnUse, Usual
from aggregator.queries.public import PublicCluster
from aggregator.queries.recent import RecentJob, RecentUse
from aggregator.queries.series_models import NodeSeries
from maxwatt.domain.jobs import WaitingJob
from maxwatt.domain.viewer import Viewer


class PageQueries(Protocol):
    """Every figure on a page comes from one of these. Times are epoch ms UTC; windows are [since_ms, until_ms)."""

    @property
    def timezone(self) -> str:
        """The site's time zone, without asking for the whole `status`."""
        ...

    def jobs(self, viewer: Viewer, filter: JobFilter, sort: str, descending: bool, offset: int, limit: int) -> JobPage:
        """A slice of the job table. `sort` names a JobRow field; unknown sorts last."""
        ...

    def folded_jobs(
        self, viewer: Viewer, filter: JobFilter, fold: Fold, sort: str, descending: bool, offset: int, limit: int
    ) -> FoldedPage:
        """The same with arrays, or jobs of one name, as one row each; `sort` names a FoldedRow field."""
        ...

    def job_names(self, viewer: Viewer) -> Mapping[str, tuple[str, ...]]:
        """What there is of late to filter jobs by: `user`, `account`, `partition` and `qos` to their names."""
        ...

    def running_jobs(self, viewer: Viewer, everybody: bool, limit: int) -> RunningJobs:
        """At most `limit` of the jobs that run, the newest first, with their power of now; see `home_models`."""
        ...

    def waiting_jobs(self, viewer: Viewer, everybody: bool, limit: int) -> WaitingJobs:
        """At most `limit` of the jobs that wait, the first submitted first."""
        ...

    def overview(self, viewer: Viewer, everybody: bool) -> Overview:
        """This week, this month, each of the last 30 days, and what wasted most; see `home_models`."""
        ...

    def job(self, viewer: Viewer, job_id: int, start_ms: int | None) -> JobDetail | None:
        """One attempt of a job, the newest when `start_ms` is None; None when there is none this viewer may see."""
        ...

    def job_head(self, viewer: Viewer, job_id: int, start_ms: int | None) -> JobHead | None:
        """The same as a whole, without what is booked on each of its nodes."""
        ...

    def job_nodes(self, viewer: Viewer, job_id: int, start_ms: int | None) -> JobNodes | None:
        """The nodes of one attempt; None when there is none this viewer may see."""
        ...

    def job_attempts(self, viewer: Viewer, job_id: int) -> tuple[JobRow, ...]:
        """All attempts of a job, oldest first."""
        ...

    def explain(self, viewer: Viewer, job_id: int, start_ms: int | None) -> Explanation | None:
        """How the figure of an attempt came about; None when there is none this viewer may see."""
        ...

    def job_series(
        self, viewer: Viewer, job_id: int, start_ms: int, max_points: int, nodes: Collection[str] | None = None
    ) -> tuple[NodeSeries, ...]:
        """The job on its nodes (None: all) over time, at most `max_points` intervals a node."""
        ...

    def waiting_job(self, viewer: Viewer, job_id: int) -> WaitingJob | None:
        """The job of an id that has not started yet; None when there is none this viewer may see."""
        ...

    def job_windows(self, viewer: Viewer, job_id: int, start_ms: int, max_steps: int) -> JobWindows | None:
        """The job on all of its nodes in at most `max_steps` steps of whole buckets; None: nothing is booked."""
        ...

    def job_intensity(self, viewer: Viewer, job_id: int, start_ms: int) -> IntensitySeries:
        """The carbon intensity that the job was booked with over time."""
        ...

    def job_gpus(self, viewer: Viewer, job_id: int, start_ms: int) -> GpuUse | None:
        """How the job's boards were used; None: it has none."""
        ...

    def similar_jobs(self, viewer: Viewer, job_id: int, start_ms: int) -> Comparison | None:
        """The job beside the user's last ones of the same name, partition and account."""
        ...

    def job_change(self, viewer: Viewer, job_id: int, start_ms: int) -> JobChange | None:
        """The advice, and beside which jobs it stands, at once."""
        ...

    def job_advice(self, viewer: Viewer, job_id: int, start_ms: int) -> Advices | None:
        """What to change in the job's batch script."""
        ...

    def recent_uses(self, viewer: Viewer, wanted: Sequence[RecentJob]) -> Mapping[int, RecentUse]:
        """What jobs that run now draw, and since a moment each: job id to its use."""
        ...

    def energy_by(self, viewer: Viewer, grouping: Grouping, since_ms: int, until_ms: int) -> tuple[EnergyRow, ...]:
        """Energy of jobs by user, account or partition, largest first."""
        ...

    def energy_of_nodes(
        self, viewer: Viewer, since_ms: int, until_ms: int, *, groups: bool
    ) -> tuple[NodeEnergyRow, ...]:
        """Energy of each node, or of each home group, largest first; nothing for who does not see all."""
        ...

    def energy_summary(self, viewer: Viewer, since_ms: int, until_ms: int) -> EnergySummary:
        """Where the energy of a time went."""
        ...

    def energy_series(
        self, viewer: Viewer, since_ms: int, until_ms: int, max_points: int, split: Split = "kind"
    ) -> EnergySeries:
        """Mean power over time by what it was for, by component, or by whose it was; at most `max_points` steps."""
        ...

    def cluster_now(self, viewer: Viewer) -> ClusterNow | None:
        """Every node as it was last seen; None for who does not see all."""
        ...

    def node(self, viewer: Viewer, name: str) -> NodeDetail | None:
        """A node, its jobs and its last day; None where there is none for this viewer."""
        ...

    def outlook(self, viewer: Viewer) -> Outlook:
        """The grid's carbon intensity now and in the hours around."""
        ...

    def public(self, viewer: Viewer) -> PublicCluster:
        """The cluster without names: the same for everybody."""
        ...

    def own_use(self, viewer: Viewer) -> OwnUse:
        """How well the jobs that the viewer may see used what they reserved."""
        ...

    def usual_use(self, viewer: Viewer) -> Usual:
        """Medians of everybody's use, without names."""
        ...

    def health(self, viewer: Viewer) -> Health | None:
        """What is well with the data and what is not; None for who does not see all."""
        ...

    def status(self, viewer: Viewer) -> Status:
        """How old the data is and what is wrong with its sources."""
        ...
