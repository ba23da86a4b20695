"""Rows kept by column, as arrays give them: no tuple is made of a row until someone looks at it."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

Row = tuple[Any, ...]


class Columns(Sequence[Row]):
    """A sequence of rows over lists of equal length, one per column. Iterating gives each row for the moment only.

    Args:
        lists: a list of values per column, at least one.
    """

    def __init__(self, lists: Sequence[Sequence[Any]]) -> None:
        self.lists = lists

    def __len__(self) -> int:
        return len(self.lists[0])

    def __iter__(self) -> Iterator[Row]:
        return zip(*self.lists, strict=True)

    def values(self) -> list[Any]:
        """All values, row after row: no row is made on the way."""
        width = len(self.lists)
        found = [None] * (width * len(self))
        for place, values in enumerate(self.lists):
            found[place::width] = values
        return found

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> "Columns": ...

    def __getitem__(self, index: int | slice) -> "Row | Columns":
        if isinstance(index, slice):
            return Columns([values[index] for values in self.lists])
        return tuple(values[index] for values in self.lists)
