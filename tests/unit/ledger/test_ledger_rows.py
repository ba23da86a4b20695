"""Which rows must change for a table to say what is wanted."""

import pytest
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, create_engine, select

from aggregator.ledger.columns import Columns
from aggregator.ledger.rows import differences, insert_rows

PRESENT = [("a", 1, 10.0, None), ("b", 1, 20.0, 3), ("c", 1, 30.0, 3)]


def changes(*wanted: tuple[object, ...]) -> tuple[list[object], list[object], list[object]]:
    found = differences(PRESENT, wanted, keys=2, figures=4)
    return found.added, found.changed, found.removed


def test_equal_rows_need_nothing() -> None:
    assert changes(*PRESENT) == ([], [], [])


def test_each_difference_has_its_place() -> None:
    wanted = [("a", 1, 10.0, None), ("b", 1, 20.5, 3), ("d", 1, 1.0, None)]
    assert changes(*wanted) == ([wanted[2]], [wanted[1]], [("c", 1)])


@pytest.mark.parametrize("figure", [30.0 * (1 + 1e-10), 30.0 - 1e-10])
def test_the_last_digits_are_no_difference(figure: float) -> None:
    assert changes(*PRESENT[:2], ("c", 1, figure, 3)) == ([], [], [])


@pytest.mark.parametrize("row", [("a", 1, 10.0, 0), ("b", 1, None, 3), ("b", 1, 20.0, 4), ("c", 1, 30.0000001, 3)])
def test_what_was_unknown_or_counts_is_a_difference(row: tuple[object, ...]) -> None:
    others = [each for each in PRESENT if each[0] != row[0]]
    assert changes(*others, row) == ([], [row], [])


def test_columns_behind_the_figures_do_not_count() -> None:
    assert len(differences([("a", 1.0, "old")], [("a", 1.0)], keys=1, figures=2)) == 0


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 10_001, 25_003])
@pytest.mark.parametrize("by_column", [False, True])
def test_many_rows_are_all_written(count: int, by_column: bool) -> None:
    table = Table("t", MetaData(), Column("a", Integer), Column("b", String), Column("c", Float))
    engine = create_engine("sqlite://")
    numbers, names = list(range(count)), [None if number % 3 else str(number) for number in range(count)]
    rows = Columns([numbers, names]) if by_column else list(zip(numbers, names, strict=True))
    with engine.begin() as connection:
        table.create(connection)
        insert_rows(connection, table, rows, last=7)
        found = connection.execute(select(table)).all()
    assert [tuple(row) for row in found] == [(*row, 7.0) for row in zip(numbers, names, strict=True)]


def test_columns_are_rows() -> None:
    columns = Columns([[1, 2, 3], ["a", "b", "c"]])
    assert list(columns) == [(1, "a"), (2, "b"), (3, "c")]
    assert columns.values() == [1, "a", 2, "b", 3, "c"]
    assert list(columns[1:]) == [(2, "b"), (3, "c")]
    assert columns[1] == (2, "b")
