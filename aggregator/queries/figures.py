"""Where grams and money come from: the figures that bookings were made with, gathered by their origin."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, func, select

from aggregator.ledger.tables import bookings, factors, figures, windows
from aggregator.queries.factor_days import FactorDay
from aggregator.queries.models import FigureUse
from maxwatt.domain.carbon import Quantity

_ORIGIN: Final = ("quantity", "provider", "zone", "kind", "vintage", "state")
_ORDER: Final = tuple(quantity.value for quantity in Quantity)


def job_figures(connection: Connection, days: Iterable[FactorDay]) -> tuple[FigureUse, ...]:
    """Figures that a job was booked with, by quantity, the most used first; weighted by its energy."""
    weights: dict[int, float] = defaultdict(float)
    for day in days:
        if day.factor_id is not None:
            weights[day.factor_id] += day.absolute_j
    return figure_uses(connection, weights)


def time_figures(connection: Connection, since_ms: int, until_ms: int) -> tuple[FigureUse, ...]:
    """Figures that the buckets of a time were booked with, by the time they held; one booking of each is looked at."""
    one = select(bookings.c.factor_id).where(bookings.c.bucket_ms == windows.c.bucket_ms).limit(1).scalar_subquery()
    inside = (windows.c.bucket_ms >= since_ms) & (windows.c.bucket_ms < until_ms)
    # Materialized, else SQLite looks the booking up for the condition, for the group and for the answer.
    found = select(one.label("factor_id")).where(inside).cte("found").prefix_with("MATERIALIZED")
    weights = select(found.c.factor_id, func.count()).where(found.c.factor_id.is_not(None)).group_by(found.c.factor_id)
    return figure_uses(connection, {row[0]: float(row[1]) for row in connection.execute(weights)})


def figure_uses(connection: Connection, weights: dict[int, float]) -> tuple[FigureUse, ...]:
    """The figures of some factors.

    Args:
        weights: number of each factor to how much was booked with it, in any unit.
    """
    total = sum(weights.values())
    shares = {number: weight / total if total else 1 / len(weights) for number, weight in weights.items()}
    sums: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for factor_id, row in _figures_of(connection, shares):
        found = sums[tuple(row[name] for name in _ORIGIN)]
        found[0] += shares[factor_id]
        found[1] += shares[factor_id] * row["value"]
    uses = [
        FigureUse(**dict(zip(_ORIGIN, origin, strict=True)), value=weighted / share, share=share)
        for origin, (share, weighted) in sums.items()
        if share
    ]
    return tuple(sorted(uses, key=lambda use: (_ORDER.index(use.quantity), -use.share, use.vintage)))


def _figures_of(connection: Connection, factor_ids: Iterable[int]) -> list[tuple[int, Any]]:
    """Each factor's figures, each with the factor's number."""
    wanted = set(factor_ids)
    if not wanted:
        return []
    within = factors.c.factor_id.between(min(wanted), max(wanted))
    parts = (factors.c.intensity_id, factors.c.pue_id, factors.c.market_id, factors.c.price_id)
    statement = select(factors.c.factor_id, figures).join(figures, figures.c.figure_id.in_(parts)).where(within)
    rows = connection.execute(statement).mappings()
    return [(row["factor_id"], row) for row in rows if row["factor_id"] in wanted]
