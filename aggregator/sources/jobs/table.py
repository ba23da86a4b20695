"""Rows of `sacct -P` output: a header in any order and no escaping, so only rows with all their columns count."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maxwatt.domain.errors import InputError

MAX_ROW_LINES = 200
"""A row spread over more lines than this is torn."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its 1-based line and its values by lower-case column name."""

    line: int
    values: dict[str, str]

    def get(self, *columns: str) -> str:
        """Value of the first of these columns that is there and not empty."""
        return next((self.values[column] for column in columns if self.values.get(column)), "")


def read_header(line: str, delimiter: str) -> list[str]:
    """Lower-case column names.

    Raises:
        InputError: columns that no job record can do without are missing.
    """
    names = [name.strip().lower() for name in line.rstrip("\r\n").lstrip("\ufeff").split(delimiter)]
    missing = [] if {"jobid", "jobidraw"} & set(names) else ["JobIDRaw (or JobID)"]
    missing += [name for name in ("Start", "State") if name.lower() not in names]
    if missing:
        raise InputError(f"no column {', '.join(missing)}: export with sacct -P and its header", line=1)
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise InputError(f"column {', '.join(repeated)} stands twice", line=1)
    return names


def read_rows(lines: Iterable[str], delimiter: str, faults: list[str], *, joined: bool = False) -> Iterator[Row]:
    """Rows under the header, which is the first line.

    Args:
        lines: text lines with or without their newline.
        faults: gets a sentence with the row number for every row that has more or fewer columns than the header.
        joined: values may hold line breaks; lines are joined until a row is whole. Only safe with a delimiter that no
            value can hold.

    Raises:
        InputError: the header lacks needed columns.
    """
    numbered = enumerate(lines, start=1)
    header = read_header(next(numbered, (1, ""))[1], delimiter)
    for number, line in numbered:
        text = line.rstrip("\r\n")
        if joined:
            text = _whole_row(text, numbered, delimiter, len(header))
        if not text.strip():
            continue
        cells = text.split(delimiter)
        if len(cells) == len(header) + 1 and not cells[-1]:
            cells.pop()  # `sacct -p` closes each row with a delimiter
        if len(cells) != len(header):
            faults.append(
                f"row {number}: {len(cells)} columns where the header has {len(header)}: a value holds {delimiter!r} "
                "or a line break; leave free-text columns such as JobName or SubmitLine out"
            )
            continue
        yield Row(number, dict(zip(header, cells, strict=True)))


def _whole_row(text: str, numbered: Iterator[tuple[int, str]], delimiter: str, columns: int) -> str:
    for _ in range(MAX_ROW_LINES):
        if text.count(delimiter) >= columns - 1 or not text:
            break
        following = next(numbered, None)
        if following is None:
            break
        text += "\n" + following[1].rstrip("\r\n")
    return text
