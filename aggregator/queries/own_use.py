"""How well jobs used what they reserved, week by week and by name, account and partition; and what is usual here.

Efficiencies are weighted by energy: `sum(E * eff) / sum(E)` over the jobs whose efficiency is known. A job counts as a
whole in the week in which it started.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, func, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import Expression, visible
from aggregator.queries.job_rows import cpu_efficiency
from maxwatt.domain.energy import EVIDENCE_COLUMNS
from maxwatt.domain.periods import HOUR_MS, Period, start_of, starts_between
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import Viewer

WEEKS: Final = 12
RECENT_MS: Final = 28 * DAY_MS
"""What is called the last weeks [ms]: sums, parts and the comparison are of this time."""

LEAST: Final = 5
"""A median of fewer people than this is not told."""

MAX_PARTS: Final = 20

_SUMS: Final = (
    *("jobs", "energy_j", "cpu_known_j", "cpu_used_j", "memory_known_j", "memory_used_j"),
    *("waste_j", "waste_unknown_j", "co2_g", "co2_unknown_j", "cost", "cost_unknown_j", "gpu_jobs"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """Some jobs together. Efficiencies and the share of waste are 0..1; None is unknown.

    Args:
        jobs: how many, those without a booking included.
        energy_j: of those with one [J].
        waste_j: static energy of what was reserved and not used, as far as it is known [J]; `waste_share` of the energy
            of which it is.
        gpu_jobs: how many of the jobs had GPUs.
    """

    jobs: int
    energy_j: float
    cpu_efficiency: float | None
    memory_efficiency: float | None
    waste_j: float | None
    waste_share: float | None
    co2_g: float | None
    cost: float | None
    gpu_jobs: int = 0


@dataclass(frozen=True, slots=True)
class OwnUse:
    """The use of some jobs.

    Args:
        week_ms: starts of the site's weeks [epoch ms UTC]; `weeks` is as long, None where no job started.
        recent: the last 28 days in all.
        names, accounts, partitions: the same by name, most energy first, at most MAX_PARTS of each.
    """

    week_ms: tuple[int, ...]
    weeks: tuple[Use | None, ...]
    recent: Use
    names: tuple[tuple[str, Use], ...]
    accounts: tuple[tuple[str, Use], ...]
    partitions: tuple[tuple[str, Use], ...]


@dataclass(frozen=True, slots=True)
class Usual:
    """Medians over the people who used energy in the last 28 days; nothing tells who. None: too few of them."""

    people: int
    cpu_efficiency: float | None
    memory_efficiency: float | None
    waste_share: float | None


def recent_since_ms(now_ms: int) -> int:
    """Where the last weeks begin [epoch ms UTC]: with a whole hour, so that what lies before it need not be summed up
    at each question."""
    return (now_ms - RECENT_MS) // HOUR_MS * HOUR_MS


def past_weeks(connection: Connection, viewer: Viewer, zone: ZoneInfo, now_ms: int) -> Sequence[Any]:
    """Sums by week of the jobs that a viewer may see, of the weeks before the last ones."""
    week_ms = _weeks(zone, now_ms)
    return _grouped(connection, viewer, (_week(week_ms),), week_ms[0], recent_since_ms(now_ms))


def own_use(
    connection: Connection, viewer: Viewer, zone: ZoneInfo, now_ms: int, past: Sequence[Any] | None = None
) -> OwnUse:
    """The use of what a viewer may see, up to a time [epoch ms UTC].

    Args:
        past: of `past_weeks` in the same hour; None: not known yet.
    """
    past = past_weeks(connection, viewer, zone, now_ms) if past is None else past
    week_ms = _weeks(zone, now_ms)
    parts = (_week(week_ms), jobs.c.name, jobs.c.account, jobs.c.partition)
    recent = _grouped(connection, viewer, parts, recent_since_ms(now_ms), now_ms)
    weeks: dict[int, list[Any]] = defaultdict(list)
    for row in (*past, *recent):
        weeks[row["week"]].append(row)
    return OwnUse(
        week_ms=week_ms,
        weeks=tuple(use_of(weeks[i]) if i in weeks else None for i in range(len(week_ms))),
        recent=use_of(recent),
        names=_parts(recent, lambda row: row["name"]),
        accounts=_parts(recent, lambda row: row["account"]),
        partitions=_parts(recent, lambda row: row["partition"]),
    )


def _weeks(zone: ZoneInfo, now_ms: int) -> tuple[int, ...]:
    """Starts of the weeks that are told [epoch ms UTC]."""
    first_ms = start_of(Period.WEEK, now_ms - (WEEKS - 1) * 7 * DAY_MS, zone)
    return tuple(starts_between(Period.WEEK, first_ms, now_ms, zone))


def _week(week_ms: Sequence[int]) -> Any:
    """Number of the week in which a job started."""
    number = case(*((jobs.c.start_ms < end_ms, i) for i, end_ms in enumerate(week_ms[1:])), else_=len(week_ms) - 1)
    return number.label("week")


def usual_use(connection: Connection, now_ms: int) -> Usual:
    """What is usual at the site, the same for everybody who asks."""
    everybody = Viewer("", sees_all=True)
    rows = _grouped(connection, everybody, (jobs.c.user,), now_ms - RECENT_MS, now_ms)
    uses = [use for row in rows if (use := use_of([row])).energy_j > 0]
    return Usual(
        people=len(uses),
        cpu_efficiency=_median(use.cpu_efficiency for use in uses),
        memory_efficiency=_median(use.memory_efficiency for use in uses),
        waste_share=_median(use.waste_share for use in uses),
    )


def use_of(rows: Sequence[Any]) -> Use:
    """Sums of grouped rows as one use."""
    total = {name: sum(row[name] or 0 for row in rows) for name in _SUMS}
    waste_of_j = total["energy_j"] - total["waste_unknown_j"]
    known = waste_of_j > 0
    return Use(
        jobs=int(total["jobs"]),
        energy_j=total["energy_j"],
        cpu_efficiency=_ratio(total["cpu_used_j"], total["cpu_known_j"]),
        memory_efficiency=_ratio(total["memory_used_j"], total["memory_known_j"]),
        waste_j=total["waste_j"] if known else None,
        waste_share=_ratio(total["waste_j"], waste_of_j),
        co2_g=None if total["co2_unknown_j"] or not total["energy_j"] else total["co2_g"],
        cost=None if total["cost_unknown_j"] or not total["energy_j"] else total["cost"],
        gpu_jobs=int(total["gpu_jobs"]),
    )


def _parts(rows: Sequence[Any], name_of: Callable[[Any], str]) -> tuple[tuple[str, Use], ...]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[name_of(row)].append(row)
    uses = sorted(((name, use_of(some)) for name, some in groups.items()), key=lambda one: (-one[1].energy_j, one[0]))
    return tuple(uses[:MAX_PARTS])


def _grouped(
    connection: Connection, viewer: Viewer, keys: Sequence[Any], since_ms: int, until_ms: int
) -> Sequence[Any]:
    """Sums of the jobs that started in [since, until), by some keys."""
    part = job_totals.c
    # The same joules as all components, in fewer columns: each is looked at several times.
    energy_j: Any = sum((part[name] for name in EVIDENCE_COLUMNS[1:]), part[EVIDENCE_COLUMNS[0]])
    used_s = case((part.cpu_unknown_s == 0, part.cpu_used_s))
    cpu = cpu_efficiency(used_s, part.cpu_reserved_s)
    memory = case((jobs.c.memory_bytes > 0, part.memory_peak_bytes / jobs.c.memory_bytes))
    sums = (
        func.count().label("jobs"),
        func.sum(energy_j).label("energy_j"),
        *_weighted("cpu", cpu, energy_j),
        *_weighted("memory", memory, energy_j),
        *(func.sum(part[name]).label(name) for name in _SUMS if name in part),
        func.sum(case((jobs.c.gpu_count > 0, 1), else_=0)).label("gpu_jobs"),
    )
    found = select(*keys, *sums).outerjoin_from(jobs, job_totals, part.job_ref == jobs.c.job_ref)
    found = found.where(jobs.c.start_ms >= since_ms, jobs.c.start_ms < until_ms, visible(viewer))
    return connection.execute(found.group_by(*keys)).mappings().all()


def _weighted(name: str, value: Expression, energy_j: Expression) -> tuple[Expression, Expression]:
    known = case((value.is_not(None) & (energy_j > 0), energy_j))
    return func.sum(known).label(f"{name}_known_j"), func.sum(known * value).label(f"{name}_used_j")


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= LEAST else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
