"""The factors that bookings were made with: numbered once, kept for ever."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from aggregator.ledger.rows import inserted_key
from aggregator.ledger.tables import factors, figures
from maxwatt.domain.carbon import Factor, Figure

NONE: Final = 0
"""Number in place of a figure's where there is none."""

_FIGURE_COLUMNS: Final = tuple(column for column in figures.columns if not column.primary_key)
_FACTOR_COLUMNS: Final = tuple(column for column in factors.columns if not column.primary_key)


def number(connection: Connection, wanted: Sequence[Factor]) -> list[int]:
    """Number of each factor; those the ledger has not seen get one."""
    ids = _figure_ids(connection, {figure for factor in wanted for figure in _parts(factor) if figure is not None})
    keys = [tuple(NONE if part is None else ids[part] for part in _parts(factor)) for factor in wanted]
    known = _known(connection, {key[0] for key in keys})
    for key in dict.fromkeys(keys):
        if key not in known:
            values = {column.name: part for column, part in zip(_FACTOR_COLUMNS, key, strict=True)}
            known[key] = inserted_key(connection, insert(factors).values(**values))
    return [known[key] for key in keys]


def _parts(factor: Factor) -> tuple[Figure | None, ...]:
    """The figures in the order of the table's columns."""
    return (factor.intensity, factor.pue, factor.market, factor.price)


def _figure_ids(connection: Connection, wanted: set[Figure]) -> dict[Figure, int]:
    if not wanted:
        return {}
    times = [figure.valid_from_ms for figure in wanted]
    within = figures.c.valid_from_ms.between(min(times), max(times))
    found = connection.execute(select(figures.c.figure_id, *_FIGURE_COLUMNS).where(within))
    known: dict[tuple[Any, ...], int] = {tuple(row)[1:]: row[0] for row in found}
    for figure in sorted(wanted, key=lambda each: each.valid_from_ms):
        values = _stored(figure)
        if tuple(values.values()) not in known:
            known[tuple(values.values())] = inserted_key(connection, insert(figures).values(**values))
    return {figure: known[tuple(_stored(figure).values())] for figure in wanted}


def _stored(figure: Figure) -> dict[str, Any]:
    """A figure by column, its words as plain text for any driver."""
    values = {column.name: getattr(figure, column.name) for column in _FIGURE_COLUMNS}
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}


def _known(connection: Connection, intensities: Iterable[int]) -> dict[tuple[Any, ...], int]:
    ids = list(intensities)
    if not ids:
        return {}
    within = factors.c.intensity_id.between(min(ids), max(ids))
    return {tuple(row)[1:]: row[0] for row in connection.execute(select(factors).where(within))}
