"""How a job's figure came about, node by node: what it held, what everybody drew beside it, and at which prices."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Subquery, and_, func, select

from aggregator.ledger.tables import bookings, idle_powers, jobs, measured, nodes, suspensions
from aggregator.queries.accounts import ACCOUNT_NAMES, OF_USERS
from aggregator.queries.expressions import energy_of, sum_if_all_known
from aggregator.queries.models import NodeShare
from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import Viewer

OTHER_JOBS: Final = "other jobs"


@dataclass(frozen=True, slots=True)
class IdlePowerUse:
    """Idle power of a component on the days of the job.

    Args:
        component: as in the ledger: `cpu`, `dram`, `rest`, `gpu0`, …
        lowest_w, highest_w: over the days [W], None where unknown.
        origin: calibrated, model or none; several are joined by `, `.
        intervals: fewest job-free intervals behind a calibrated value.
        days: how many UTC days.
    """

    component: str
    lowest_w: float | None
    highest_w: float | None
    origin: str
    intervals: int
    days: int


@dataclass(frozen=True, slots=True)
class NodeExplanation:
    """One node's part of a job's figure.

    Args:
        share: what the job held and got.
        node_cpus, node_memory_bytes: what Slurm can allocate there; 0: unknown.
        held_s, covered_s: time held, and of it between samples [s].
        all_j: energy of all accounts on the node in the job's windows, by column such as `cpu_static_j` [J].
        by_account_j: the same by account; `jobs` is this job, `other jobs` the others [J].
        measured_j: what the meters say of these windows [J]: the accounts sum to it. None, as `all_j` is empty and
            `by_account_j` this job alone, where less the job's own it would tell a viewer what a neighbour drew.
        evidence_j: the job's energy by evidence, `{"counted_j": …}`.
        idle_powers: what divided static from dynamic.
        uncertainty: relative.
    """

    share: NodeShare
    node_cpus: float
    node_memory_bytes: float
    held_s: float
    covered_s: float
    waste_j: float | None
    all_j: Mapping[str, float]
    by_account_j: Mapping[str, float]
    measured_j: float | None
    evidence_j: Mapping[str, float]
    idle_powers: tuple[IdlePowerUse, ...]
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a job's figure came about. `suspended_s` of an ended suspension [s]; see `explain_words` for sentences."""

    nodes: tuple[NodeExplanation, ...]
    windows: int
    suspended_s: float
    oldest_revision: int
    newest_revision: int


@dataclass(frozen=True, slots=True)
class _Beside:
    """What all accounts of a node drew in the job's windows; see `NodeExplanation`."""

    all_j: Mapping[str, float]
    by_account_j: Mapping[str, float]
    measured_j: float | None

    @classmethod
    def of(cls, rows: list[RowMapping], measured_j: float, viewer: Viewer) -> "_Beside":
        """All of it for who sees all, and for everybody where nobody else was there."""
        if not viewer.sees_all and any(row["account"] in OF_USERS and not row["own"] for row in rows):
            return cls({}, _by_account([row for row in rows if row["own"]]), None)
        return cls({name: sum(row[name] for row in rows) for name in ENERGY_COLUMNS}, _by_account(rows), measured_j)


def explain(connection: Connection, viewer: Viewer, job_ref: int, shares: tuple[NodeShare, ...]) -> Explanation:
    """The explanation of a job whose bookings the viewer may see.

    Args:
        shares: the job's nodes.
    """
    mine = _own_windows(job_ref)
    accounts, own, meters = _accounts(connection, mine, job_ref), _own(connection, job_ref), _meters(connection, mine)
    beside = {node: _Beside.of(rows, meters.get(node, 0.0), viewer) for node, rows in accounts.items()}
    facts = {row["node"]: row for row in connection.execute(select(nodes)).mappings()}
    powers = _idle_powers(connection, mine)
    windows, oldest, newest = connection.execute(_windows(job_ref)).one()
    return Explanation(
        nodes=tuple(
            _node(share, facts.get(share.node), own[share.node], beside[share.node], powers[share.node])
            for share in shares
            if share.node in own
        ),
        windows=windows,
        suspended_s=_suspended_s(connection, job_ref),
        oldest_revision=oldest or 0,
        newest_revision=newest or 0,
    )


def _node(
    share: NodeShare,
    facts: RowMapping | None,
    own: RowMapping,
    beside: _Beside,
    powers: list[RowMapping],
) -> NodeExplanation:
    return NodeExplanation(
        share=share,
        node_cpus=facts["cpus"] if facts else 0.0,
        node_memory_bytes=facts["memory_bytes"] if facts else 0.0,
        held_s=own["held_s"],
        covered_s=own["covered_s"],
        waste_j=own["waste_j"],
        all_j=beside.all_j,
        by_account_j=beside.by_account_j,
        measured_j=beside.measured_j,
        evidence_j={name: own[name] for name in EVIDENCE_COLUMNS},
        idle_powers=tuple(_power(row) for row in powers),
        uncertainty=own["spread_j"] / abs(own["energy_j"]) if own["energy_j"] else 0.0,
    )


def _by_account(rows: list[RowMapping]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        name = ACCOUNT_NAMES[Account(row["account"])]
        found[OTHER_JOBS if row["account"] == Account.JOB and not row["own"] else name] += row["energy_j"]
    return dict(found)


def _power(row: RowMapping) -> IdlePowerUse:
    return IdlePowerUse(**{name: row[name] for name in IdlePowerUse.__dataclass_fields__})


def _own_windows(job_ref: int) -> Subquery:
    """Node and bucket of each of the job's bookings."""
    mine = (bookings.c.job_ref == job_ref) & (bookings.c.account == int(Account.JOB))
    return select(bookings.c.node, bookings.c.bucket_ms).where(mine).distinct().subquery()


def _accounts(connection: Connection, mine: Subquery, job_ref: int) -> dict[str, list[RowMapping]]:
    """Sums of every account in the job's windows, by node; the job apart from other jobs."""
    own = ((bookings.c.job_ref == job_ref) & (bookings.c.account == int(Account.JOB))).label("own")
    same = and_(mine.c.node == bookings.c.node, mine.c.bucket_ms == bookings.c.bucket_ms)
    sums = (func.sum(bookings.c[name]).label(name) for name in ENERGY_COLUMNS)
    statement = (
        select(bookings.c.node, bookings.c.account, own, *sums, func.sum(energy_of()).label("energy_j"))
        .join_from(mine, bookings, same)
        .group_by(bookings.c.node, bookings.c.account, own)
    )
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        found[row["node"]].append(row)
    return found


def _own(connection: Connection, job_ref: int) -> dict[str, RowMapping]:
    """What the job's bookings say of themselves, by node."""
    energy_j = energy_of()
    statement = (
        select(
            bookings.c.node,
            func.sum(energy_j).label("energy_j"),
            func.sum(func.abs(energy_j) * bookings.c.uncertainty).label("spread_j"),
            *(func.sum(bookings.c[name]).label(name) for name in ("held_s", "covered_s", *EVIDENCE_COLUMNS)),
            sum_if_all_known(bookings.c.waste_j, bookings.c.held_s).label("waste_j"),
        )
        .where(bookings.c.job_ref == job_ref, bookings.c.account == int(Account.JOB))
        .group_by(bookings.c.node)
    )
    return {row["node"]: row for row in connection.execute(statement).mappings()}


def _meters(connection: Connection, mine: Subquery) -> dict[str, float]:
    """Measured energy [J] of the job's windows, by node."""
    energy_j: Any = sum((measured.c[f"{name}_j"] for name in COMPONENTS[1:]), measured.c[f"{COMPONENTS[0]}_j"])
    same = and_(mine.c.node == measured.c.node, mine.c.bucket_ms == measured.c.bucket_ms)
    statement = select(measured.c.node, func.sum(energy_j)).join_from(mine, measured, same).group_by(measured.c.node)
    return {row[0]: float(row[1]) for row in connection.execute(statement)}


def _idle_powers(connection: Connection, mine: Subquery) -> dict[str, list[RowMapping]]:
    power = idle_powers.c
    days = select(mine.c.node, (mine.c.bucket_ms - mine.c.bucket_ms % DAY_MS).label("day_ms")).distinct().subquery()
    statement = (
        select(
            power.node,
            power.component,
            func.min(power.power_w).label("lowest_w"),
            func.max(power.power_w).label("highest_w"),
            func.min(power.origin).label("origin"),
            func.min(power.intervals).label("intervals"),
            func.count().label("days"),
        )
        .join_from(days, idle_powers, and_(days.c.node == power.node, days.c.day_ms == power.day_ms))
        .group_by(power.node, power.component)
        .order_by(power.node, power.component)
    )
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        found[row["node"]].append(row)
    return found


def _windows(job_ref: int) -> Any:
    return select(
        func.count(bookings.c.bucket_ms.distinct()), func.min(bookings.c.revision), func.max(bookings.c.revision)
    ).where(bookings.c.job_ref == job_ref, bookings.c.account == int(Account.JOB))


def _suspended_s(connection: Connection, job_ref: int) -> float:
    end_ms = func.coalesce(suspensions.c.end_ms, jobs.c.end_ms, suspensions.c.start_ms)
    spans = (
        select(func.sum(end_ms - suspensions.c.start_ms))
        .join_from(suspensions, jobs, jobs.c.job_ref == suspensions.c.job_ref)
        .where(suspensions.c.job_ref == job_ref)
    )
    return (connection.execute(spans).scalar() or 0) / 1000
