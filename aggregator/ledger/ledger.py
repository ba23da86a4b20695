"""The ledger: who drew which joule, and everything that was known when it was booked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aggregator.ledger import (
    bookings,
    facts,
    frozen,
    history,
    idle,
    jobs,
    lives,
    refresh,
    states,
    unfinished,
    users,
    waiting,
    windows,
)
from aggregator.ledger.engine import open_engine
from aggregator.ledger.identities import Identities
from aggregator.ledger.rows import chunks
from aggregator.ledger.transactions import writing
from aggregator.ledger.values import LedgerValues

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from aggregator.kernel.arrays import States, Tenants
    from aggregator.ledger.facts import SourceState
    from aggregator.ledger.idle import IdlePower
    from aggregator.ledger.lives import ModelOf
    from aggregator.ledger.refresh import Progress, Site
    from aggregator.ledger.rows import Row
    from aggregator.ledger.unfinished import Unaccounted
    from aggregator.ledger.users import User
    from aggregator.ledger.windows import Stretch
    from maxwatt.domain.jobs import JobKey, JobRecord, NodeRecord, SlurmSnapshot, WaitingJob


JOBS_PER_TRANSACTION: Final = 1000
"""Others may write in between: a year of job records takes minutes."""


class Ledger:
    """One database, used by any thread; each method is one transaction
    (`upsert_jobs` one per thousand records). Times are epoch ms UTC.

    CO2 and cost: `values`; who asks: `identities`. Several processes may have a SQLite ledger open and take turns.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = writing(engine)
        self.values = LedgerValues(engine)
        self.identities = Identities(engine)

    @classmethod
    def open(cls, url: str) -> Ledger:
        """The ledger at a SQLAlchemy URL; its tables are made where they are missing.

        Raises:
            ConfigError: the URL is none, or the tables are of another version.
            SourceError: the database cannot be opened.
        """
        return cls(open_engine(url))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    # jobs and nodes

    def upsert_jobs(self, records: Iterable[JobRecord], seen_ms: int) -> int:
        """Combine reports of jobs with what is known and mark what they make wrong; returns how many changed."""
        changed = 0
        for some in chunks(list(records), JOBS_PER_TRANSACTION):
            with self._writing.begin() as connection:
                changed += jobs.upsert(connection, some, seen_ms)
                unfinished.end_superseded(connection, (job.key for job in some if jobs.has_started(job)))
        return changed

    def end_vanished(self, keys: Iterable[JobKey]) -> int:
        """End jobs that nobody knows any more, at the time they were last seen; returns how many."""
        with self._writing.begin() as connection:
            return unfinished.end_vanished(connection, set(keys))

    def running(self) -> dict[JobKey, int]:
        """Jobs without an end, and when they were last seen."""
        with self.engine.begin() as connection:
            return unfinished.running(connection)

    def unaccounted(self, since_ms: int) -> list[Unaccounted]:
        """Jobs that ended after `since_ms` of which accounting has said nothing, by their end."""
        with self.engine.begin() as connection:
            return unfinished.unaccounted(connection, since_ms)

    def replace_waiting(self, found: Iterable[WaitingJob]) -> None:
        """Keep which jobs wait."""
        with self._writing.begin() as connection:
            waiting.replace_all(connection, found)

    def upsert_nodes(self, records: Iterable[NodeRecord], seen_ms: int) -> None:
        """Keep what Slurm can allocate of each node."""
        with self._writing.begin() as connection:
            history.upsert_nodes(connection, records, seen_ms)

    def record_node_states(self, snapshot: SlurmSnapshot) -> None:
        """Carry the history of the nodes' states on."""
        with self._writing.begin() as connection:
            history.record_states(connection, snapshot)

    def node_capacities(self) -> dict[str, tuple[int, int]]:
        """CPUs and memory [B] that Slurm can allocate, per node."""
        with self.engine.begin() as connection:
            return history.capacities(connection)

    def load_tenants(self, nodes: Sequence[str], start_ms: int, end_ms: int, model_of: ModelOf) -> Tenants:
        """Jobs that held something of `nodes` in a time; `Lives.job` is the job's number in the ledger."""
        with self.engine.begin() as connection:
            return lives.load(connection, nodes, start_ms, end_ms, model_of)

    def load_states(self, nodes: Sequence[str], start_ms: int, end_ms: int) -> States:
        """States of `nodes` in a time that make what nobody holds something else than idle."""
        with self.engine.begin() as connection:
            return states.load(connection, nodes, start_ms, end_ms)

    def note_users(self, seen: Mapping[int, User]) -> None:
        """Keep the names of users who were logged in, by their numbers."""
        if seen:
            with self._writing.begin() as connection:
                users.note(connection, seen)

    def allocated_nodes(self, start_ms: int, end_ms: int) -> set[str]:
        """Nodes on which a job held something at any time in [start_ms, end_ms)."""
        with self.engine.begin() as connection:
            return lives.nodes(connection, start_ms, end_ms)

    def sibling_nodes(self, nodes: Sequence[str], start_ms: int, end_ms: int) -> set[str]:
        """Other nodes of the jobs that held something of `nodes` in a time and whose TotalCPU is known."""
        with self.engine.begin() as connection:
            return lives.siblings(connection, nodes, start_ms, end_ms)

    # bookings and windows

    def replace_bookings(
        self,
        nodes: Sequence[str],
        span_ms: tuple[int, int],
        booked: Sequence[Row],
        meters: Sequence[Row],
        revisions: Mapping[int, int] | None = None,
    ) -> int:
        """Make the ledger say exactly this about some nodes in a time; see `bookings.replace`."""
        with self._writing.begin() as connection:
            return bookings.replace(connection, nodes, span_ms, booked, meters, revisions=revisions)

    def overshoots(self, start_ms: int, end_ms: int) -> dict[str, float]:
        """By how much [J] the parts of each node exceeded its whole-node meter in a time."""
        with self.engine.begin() as connection:
            return bookings.overshoots(connection, start_ms, end_ms)

    def revisions(self, start_ms: int, end_ms: int) -> dict[int, int]:
        """Revision of every window in a time; 0 while it was never closed."""
        with self.engine.begin() as connection:
            return windows.revisions(connection, start_ms, end_ms)

    def booked_until(self) -> int | None:
        """End of the newest window that was ever booked."""
        with self.engine.begin() as connection:
            return windows.booked_until(connection)

    def booked_from(self) -> int | None:
        """Start of the oldest window that was ever booked."""
        with self.engine.begin() as connection:
            return windows.booked_from(connection)

    def first_moving(self, reach_ms: int) -> int | None:
        """The oldest window that was last booked before all its samples, and those `reach_ms` beyond, were in."""
        with self.engine.begin() as connection:
            return windows.first_moving(connection, reach_ms)

    def open_windows(self) -> list[int]:
        """Starts of the windows that were never closed."""
        with self.engine.begin() as connection:
            return windows.open_windows(connection)

    def note_booked(self, errors: Mapping[int, float], computed_ms: int, *, partial: bool = False) -> None:
        """Note that windows were booked, with their worst relative gap between accounts and meter."""
        with self._writing.begin() as connection:
            windows.note_booked(connection, errors, computed_ms, partial=partial)

    def close_windows(self, buckets: Sequence[int]) -> None:
        """Close windows: all their sources are in."""
        with self._writing.begin() as connection:
            windows.close(connection, buckets)

    def mark_dirty(self, start_ms: int, end_ms: int | None = None, nodes: Iterable[str] = ()) -> bool:
        """Note that what is booked in a time must be booked again; returns whether anything was booked there.

        Args:
            nodes: host names; none: every node.
        """
        with self._writing.begin() as connection:
            names = list(nodes) or [windows.EVERY_NODE]
            return windows.mark(connection, [(node, start_ms, end_ms) for node in names])

    def stretches(self) -> list[Stretch]:
        """Everything that waits to be booked again."""
        with self.engine.begin() as connection:
            return windows.stretches(connection)

    def finish(self, done: Iterable[Stretch]) -> None:
        """Remove what was booked again."""
        with self._writing.begin() as connection:
            windows.finish(connection, done)

    # idle powers

    def idle_powers(self, nodes: Sequence[str], first_day_ms: int, last_day_ms: int) -> list[IdlePower]:
        """Idle powers that bookings were made with, by node, UTC day and component."""
        with self.engine.begin() as connection:
            return idle.load(connection, nodes, first_day_ms, last_day_ms)

    def freeze_idle_powers(self, found: Sequence[IdlePower]) -> None:
        """Put down idle powers of days; what is frozen already stays, what was thawed gets a new revision."""
        if found:
            with self._writing.begin() as connection:
                idle.freeze(connection, found)

    def thaw_idle_powers(self, start_ms: int, end_ms: int, nodes: Sequence[str] | None = None) -> None:
        """Let the UTC days that begin in a time be calibrated anew when they are booked next; None: of every node."""
        with self._writing.begin() as connection:
            idle.thaw(connection, start_ms, end_ms, nodes)

    def had_jobs(self, nodes: Iterable[str], before_ms: int) -> set[str]:
        """Which of these nodes ever had a job that ended before a moment."""
        with self.engine.begin() as connection:
            return idle.had_jobs(connection, nodes, before_ms)

    # sums

    def refresh_rollups(self, site: Site, progress: Progress | None = None) -> None:
        """Sum everything anew that bookings have changed under, in short transactions; see `refresh.refresh`."""
        refresh.refresh(self.engine, site, progress)

    def rebuild_rollups(self) -> None:
        """Forget all sums, so that the next refresh makes them anew."""
        refresh.rebuild(self.engine)

    # retention

    def frozen_until(self) -> int:
        """What lies before this is not booked again: days are folded there, or their samples are gone; 0: nothing."""
        with self.engine.begin() as connection:
            return frozen.until(connection)

    def freeze(self, until_ms: int) -> None:
        """Let nothing before this be booked again."""
        with self._writing.begin() as connection:
            frozen.freeze(connection, until_ms)

    # sources, faults, factors, facts

    def record_source(self, name: str, attempt_ms: int, success_ms: int | None = None, error: str = "") -> None:
        """Put down how asking a source went; a failure leaves its last success as it is."""
        with self._writing.begin() as connection:
            facts.record_source(connection, name, attempt_ms, success_ms, error)

    def sources(self) -> dict[str, SourceState]:
        """Every source by name."""
        with self.engine.begin() as connection:
            return facts.source_states(connection)

    def add_fault(self, source: str, message: str, seen_ms: int) -> None:
        """Note a fault; the same one again only counts up."""
        self.add_faults(source, [message], seen_ms)

    def add_faults(self, source: str, messages: Sequence[str], seen_ms: int) -> None:
        """Note several faults of one source."""
        if messages:
            with self._writing.begin() as connection:
                for message in messages:
                    facts.add_fault(connection, source, message, seen_ms)

    def fact(self, key: str) -> str | None:
        """A single fact, such as `cluster` or `simulated`."""
        with self.engine.begin() as connection:
            return facts.get(connection, key)

    def claim(self, cluster: str) -> None:
        """Put down whose ledger this is, at the first start.

        Raises:
            ConfigError: it is another cluster's.
        """
        with self._writing.begin() as connection:
            facts.claim(connection, cluster)

    def put_fact(self, key: str, value: str) -> None:
        """Put down a single fact."""
        with self._writing.begin() as connection:
            facts.put(connection, key, value)
