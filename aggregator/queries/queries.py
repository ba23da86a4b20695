"""The one door to the ledger for pages, API, mail and command line. Every question names who asks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Engine, RowMapping

from aggregator.pipeline.sums import site_of
from aggregator.queries.advice import Judged, Observed, advise, only_time
from aggregator.queries.cluster_models import ClusterNow, NodeDetail, Outlook, Split
from aggregator.queries.cluster_now import cluster_now, node_detail
from aggregator.queries.energy_groups import energy_by
from aggregator.queries.energy_models import EnergyRow, EnergySeries, EnergySummary, Grouping, NodeEnergyRow
from aggregator.queries.energy_series import energy_series
from aggregator.queries.energy_summary import energy_summary
from aggregator.queries.explain import Explanation, explain
from aggregator.queries.folded import Fold, FoldedPage, folded_page
from aggregator.queries.health import DAYS_OF_JOBS, Health, health
from aggregator.queries.home import overview, running_jobs, waiting_jobs
from aggregator.queries.home_models import Overview, RunningJobs, WaitingJobs
from aggregator.queries.job_detail import find_job, held_nodes, job_detail, job_head, job_nodes, node_shares
from aggregator.queries.job_models import Advices, Comparison, GpuUse, IntensitySeries, JobChange, JobNodes, JobWindows
from aggregator.queries.job_names import job_names
from aggregator.queries.job_rows import job_rows
from aggregator.queries.job_windows import busiest_cpus, job_intensity, job_windows
from aggregator.queries.jobs import job_attempts, job_page
from aggregator.queries.models import JobDetail, JobFilter, JobHead, JobPage, JobRow, NodeHeld, Status
from aggregator.queries.node_coverage import NodeCoverage
from aggregator.queries.node_energy import energy_of_nodes
from aggregator.queries.outlook import outlook
from aggregator.queries.own_use import OwnUse, Usual, own_use, past_weeks, recent_since_ms, usual_use
from aggregator.queries.public import PublicCluster, public_cluster
from aggregator.queries.recent import RecentJob, RecentUse, recent_uses
from aggregator.queries.remembered import Remembered
from aggregator.queries.series_models import NodeSeries
from aggregator.queries.similar import similar_jobs
from aggregator.queries.status import data_status
from aggregator.queries.waiting import waiting_job
from maxwatt.config import Settings
from maxwatt.domain import clock
from maxwatt.domain.jobs import WaitingJob
from maxwatt.domain.ports import Store
from maxwatt.domain.viewer import ADMIN, Viewer

NOW_KEPT_S: Final = 4.0
"""So long the nodes' powers are shown to everybody who asks before the samples are looked at again [s]."""

PUBLIC_KEPT_S: Final = 30.0
"""So long the public page's figures are kept: everybody may ask for it, as often as they like [s]."""

OWN_KEPT_S: Final = 30.0
"""So long the use of somebody's jobs is kept: the parts of a page ask for it at once [s]."""

PAST_KEPT_S: Final = 600.0
"""So long the weeks before them are kept, in which little changes any more [s]."""

USUAL_KEPT_S: Final = 1800.0
"""So long the medians of everybody's use are kept: they take all jobs of four weeks [s]."""


class Queries:
    """Read models of one ledger. Each method takes the viewer first and shows only what that viewer may see.

    Args:
        engine: the ledger's database.
        store: the samples, for series of one job; None where they are out of reach: series are then empty.
        settings: the site's PUE, price, names.
        now_ms: the clock [epoch ms].
    """

    def __init__(
        self, engine: Engine, store: Store | None, settings: Settings, now_ms: Callable[[], int] | None = None
    ) -> None:
        self._engine, self._store, self._settings = engine, store, settings
        self._now_ms = now_ms or clock.now_ms
        self._site = site_of(settings)
        self._models = {node: model for model in settings.node_models for node in model.nodes}
        self._remembered = Remembered()
        self._coverage = NodeCoverage()

    @property
    def timezone(self) -> str:
        """The site's time zone, also in `status`, which asks the ledger."""
        return self._settings.cluster.timezone

    def jobs(self, viewer: Viewer, filter: JobFilter, sort: str, descending: bool, offset: int, limit: int) -> JobPage:
        """A page of the job table; see `jobs.job_page`. Raises InputError for an unknown sort key."""
        with self._engine.connect() as connection:
            return job_page(
                connection,
                viewer,
                filter,
                self._now_ms(),
                sort=sort,
                descending=descending,
                offset=offset,
                limit=limit,
            )

    def folded_jobs(
        self, viewer: Viewer, filter: JobFilter, fold: Fold, sort: str, descending: bool, offset: int, limit: int
    ) -> FoldedPage:
        """A page of the table with arrays, or jobs of one name, as one row; see `folded.folded_page`."""
        with self._engine.connect() as connection:
            return folded_page(
                connection,
                viewer,
                filter,
                self._now_ms(),
                fold=fold,
                sort=sort,
                descending=descending,
                offset=offset,
                limit=limit,
            )

    def job_names(self, viewer: Viewer) -> Mapping[str, tuple[str, ...]]:
        """Users, accounts, partitions and QOS of the jobs of late that the viewer may see; see `job_names`."""
        with self._engine.connect() as connection:
            return job_names(connection, viewer, self._site, self._now_ms())

    def running_jobs(self, viewer: Viewer, everybody: bool, limit: int) -> RunningJobs:
        """What runs now of the viewer's own jobs, or of everybody's for who sees all, with what it draws."""
        with self._engine.connect() as connection:
            return running_jobs(connection, viewer, everybody, self._now_ms(), limit)

    def waiting_jobs(self, viewer: Viewer, everybody: bool, limit: int) -> WaitingJobs:
        """What waits of the viewer's own jobs, or of everybody's for who sees all, with Slurm's reasons."""
        with self._engine.connect() as connection:
            return waiting_jobs(connection, viewer, everybody, limit)

    def overview(self, viewer: Viewer, everybody: bool) -> Overview:
        """This week, this month and the last days of the viewer, or of everybody for who sees all; see `home`."""
        with self._engine.connect() as connection:
            return overview(connection, viewer, everybody, self._site, self._now_ms())

    def job(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> JobDetail | None:
        """One attempt of a job in full, the latest when `start_ms` is None; None: there is none for this viewer."""
        with self._engine.connect() as connection:
            return job_detail(connection, viewer, job_id, start_ms, self._now_ms())

    def job_head(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> JobHead | None:
        """The same as a whole, which is known at once for a large job too."""
        with self._engine.connect() as connection:
            return job_head(connection, viewer, job_id, start_ms, self._now_ms())

    def job_nodes(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> JobNodes | None:
        """The nodes of one attempt; None: there is none for this viewer."""
        with self._engine.connect() as connection:
            return job_nodes(connection, viewer, job_id, start_ms)

    def explain(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> Explanation | None:
        """How the figure of an attempt came about; None: there is none for this viewer."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            if job is None:
                return None
            return explain(connection, viewer, job["job_ref"], node_shares(connection, job["job_ref"]))

    def job_attempts(self, viewer: Viewer, job_id: int) -> tuple[JobRow, ...]:
        """Every attempt of a job id, oldest first."""
        with self._engine.connect() as connection:
            return job_attempts(connection, viewer, job_id, self._now_ms())

    def recent_uses(self, viewer: Viewer, wanted: Sequence[RecentJob]) -> Mapping[int, RecentUse]:
        """What jobs that run now draw, and since a moment each: job id to its use; see `recent`."""
        with self._engine.connect() as connection:
            return recent_uses(connection, viewer, wanted, self._now_ms())

    def job_series(
        self,
        viewer: Viewer,
        job_id: int,
        start_ms: int | None = None,
        max_points: int = 300,
        nodes: Collection[str] | None = None,
    ) -> tuple[NodeSeries, ...]:
        """CPU, memory, power and GPUs of one attempt over time on its nodes (None: all); see `series`."""
        # Only here: the command line's readers need neither the kernel nor Arrow.
        from aggregator.queries.series import gather, job_series

        if self._store is None:
            return ()
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            if job is None:
                return ()
            inputs = gather(connection, job, self._settings, self._store.newest_ms(), nodes)
        return job_series(self._store, inputs, self._settings, max_points)

    def waiting_job(self, viewer: Viewer, job_id: int) -> WaitingJob | None:
        """The job of an id that waits; None: there is none for this viewer."""
        with self._engine.connect() as connection:
            return waiting_job(connection, viewer, job_id)

    def job_windows(
        self, viewer: Viewer, job_id: int, start_ms: int | None = None, max_steps: int = 120
    ) -> JobWindows | None:
        """One attempt on all of its nodes from its bookings; None: nothing is booked, or there is none to see."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            return None if job is None else job_windows(connection, job["job_ref"], max_steps)

    def job_intensity(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> IntensitySeries:
        """The carbon intensity that one attempt was booked with; empty where there is none to see."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            return IntensitySeries((), (), ()) if job is None else job_intensity(connection, job["job_ref"])

    def job_gpus(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> GpuUse | None:
        """How the boards of one attempt were used; None: it has none, or there is none to see."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            return None if job is None else self._gpus(job, held_nodes(connection, job["job_ref"]))

    def _gpus(self, job: RowMapping, shares: Sequence[NodeHeld]) -> GpuUse | None:
        if self._store is None or not (job["gpu_count"] or any(share.gpus for share in shares)):
            return None
        from aggregator.queries.gpu_use import gpu_use

        span_ms = (job["start_ms"], job["end_ms"] or self._now_ms())
        return gpu_use(self._store, shares, span_ms, self._settings, exclusive=job["exclusive"])

    def similar_jobs(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> Comparison | None:
        """One attempt beside the user's last jobs of its name; None: there is none to see."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            if job is None:
                return None
            (row,) = job_rows(connection, [job["job_ref"]], self._now_ms())
            return similar_jobs(connection, viewer, job, row)

    def job_change(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> JobChange | None:
        """What to change in the batch script of one attempt, and what it stands beside; None: there is none to see."""
        with self._engine.connect() as connection:
            job = find_job(connection, viewer, job_id, start_ms)
            if job is None:
                return None
            (row,) = job_rows(connection, [job["job_ref"]], self._now_ms())
            similar = similar_jobs(connection, viewer, job, row)
            brief = only_time(row, exclusive=job["exclusive"])
            nodes = () if brief else node_shares(connection, job["job_ref"])
            busiest = None if brief else busiest_cpus(connection, job["job_ref"])
        threads = max((self._settings.model_of(share.node).threads_per_core for share in nodes), default=0)
        gpus = self._gpus(job, nodes) if nodes else None
        observed = Observed(job["exclusive"], busiest, gpus, similar, threads)
        return JobChange(advise(Judged(row, nodes), observed), similar)

    def job_advice(self, viewer: Viewer, job_id: int, start_ms: int | None = None) -> Advices | None:
        """What to change in the batch script of one attempt; None: there is none to see."""
        change = self.job_change(viewer, job_id, start_ms)
        return None if change is None else change.advices

    def energy_by(self, viewer: Viewer, group: Grouping, since_ms: int, until_ms: int) -> tuple[EnergyRow, ...]:
        """Energy of each user, account or partition, most first; buckets count by their start."""
        with self._engine.connect() as connection:
            return energy_by(connection, viewer, group, self._site, since_ms=since_ms, until_ms=until_ms)

    def energy_of_nodes(
        self, viewer: Viewer, since_ms: int, until_ms: int, *, groups: bool = False
    ) -> tuple[NodeEnergyRow, ...]:
        """Energy of each node, or of each home group, most first; nothing for who does not see all."""
        with self._engine.connect() as connection:
            return energy_of_nodes(connection, viewer, self._site, since_ms=since_ms, until_ms=until_ms, groups=groups)

    def energy_summary(self, viewer: Viewer, since_ms: int, until_ms: int) -> EnergySummary:
        """Where the energy of a time went; who does not see all gets the sum of their own jobs only."""
        with self._engine.connect() as connection:
            span, known = {"since_ms": since_ms, "until_ms": until_ms}, self._coverage
            return energy_summary(connection, viewer, self._site, **span, coverage=known)

    def energy_series(
        self, viewer: Viewer, since_ms: int, until_ms: int, max_points: int = 400, split: Split = "kind"
    ) -> EnergySeries:
        """Mean power over time, split by what it was for or by whose it was; see `energy_series.energy_series`."""
        with self._engine.connect() as connection:
            return energy_series(connection, viewer, since_ms, until_ms, max_points, site=self._site, split=split)

    def cluster_now(self, viewer: Viewer) -> ClusterNow | None:
        """Every node as it was last seen; None for who does not see all."""
        if not viewer.sees_all:
            return None
        return self._remembered.get("now", NOW_KEPT_S, self._cluster_now)

    def _cluster_now(self) -> ClusterNow | None:
        from aggregator.queries.node_powers import node_powers  # only here: see job_series

        now_ms, newest = self._now_ms(), self._store.newest_ms() if self._store else {}
        powers = node_powers(self._store, sorted(newest), self._models, now_ms) if self._store else {}
        with self._engine.connect() as connection:
            return cluster_now(connection, ADMIN, powers, newest, now_ms)

    def node(self, viewer: Viewer, name: str) -> NodeDetail | None:
        """A node with its jobs and the energy of its last day; None where there is none for this viewer."""
        now = self.cluster_now(viewer)
        found = next((node for node in now.nodes if node.node == name), None) if now else None
        with self._engine.connect() as connection:
            return node_detail(connection, viewer, found, self._site, self._now_ms())

    def outlook(self, viewer: Viewer) -> Outlook:
        """The grid's intensity now and in the hours around; the same for everybody."""
        del viewer
        with self._engine.connect() as connection:
            return outlook(connection, self._settings, self._now_ms())

    def public(self, viewer: Viewer) -> PublicCluster:
        """The cluster without names, the same for everybody."""
        del viewer

        def look_up() -> PublicCluster:
            now = self.cluster_now(ADMIN)
            with self._engine.connect() as connection:
                return public_cluster(connection, now, self._settings, self._site, self._now_ms(), self._coverage)

        return self._remembered.get("public", PUBLIC_KEPT_S, look_up)

    def own_use(self, viewer: Viewer) -> OwnUse:
        """How well the jobs that the viewer may see used what they reserved, by week, name, account and partition."""

        def look_up() -> OwnUse:
            with self._engine.connect() as connection:
                now_ms, zone = self._now_ms(), self._site.zone
                question = ("weeks", viewer, recent_since_ms(now_ms))
                past = self._remembered.get(question, PAST_KEPT_S, lambda: past_weeks(connection, viewer, zone, now_ms))
                return own_use(connection, viewer, zone, now_ms, past)

        return self._remembered.get(("own", viewer), OWN_KEPT_S, look_up)

    def usual_use(self, viewer: Viewer) -> Usual:
        """Medians of everybody's use: no names, nothing of few; the same for everybody."""
        del viewer

        def look_up() -> Usual:
            with self._engine.connect() as connection:
                return usual_use(connection, self._now_ms())

        return self._remembered.get("usual", USUAL_KEPT_S, look_up)

    def health(self, viewer: Viewer, days_of_jobs: int = DAYS_OF_JOBS) -> Health | None:
        """What is well with the data and what is not; None for who does not see all."""
        with self._engine.connect() as connection:
            return health(connection, viewer, self._settings, self._now_ms(), days_of_jobs)

    def status(self, viewer: Viewer) -> Status:
        """How old and how complete the data is."""
        with self._engine.connect() as connection:
            return data_status(connection, viewer, self._store, self._settings, self._now_ms())
