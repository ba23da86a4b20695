"""Many lines of line protocol at once.

Lines of one agent all look alike. The separators of a line, without what stands between them, are its signature;
lines of one signature, their separators turned into commas, are a CSV table that Arrow reads at hundreds of MB/s.
Only lines that are plain, well-formed and in the schema are taken here. Whatever differs is left to `exact_line`, which
also finds the words for what is wrong: this path decides nothing that the exact one would decide otherwise.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from aggregator.ingest.exact_line import MAX_LINE_BYTES, MAX_TAG_CHARS
from aggregator.ingest.timestamps import EARLIEST_MS, FUTURE_MS, TimeRule
from aggregator.store.arrow import SCHEMAS
from maxwatt.domain.schema import MEASUREMENTS, DType, Measurement

MIN_LINES: Final = 40
"""Fewer lines than this are read sooner one by one."""

MAX_SHAPES: Final = 32
"""Different sets of names looked for among lines of one signature."""

_SPECIAL: Final = frozenset(b'\\"#') | frozenset(range(32)) | frozenset(range(127, 256))
_KEPT: Final = frozenset(b",= \n") | _SPECIAL
_NOT_KEPT: Final = bytes(byte for byte in range(256) if byte not in _KEPT)
_COMMAS: Final = bytes.maketrans(b"= ", b",,")
_PLAIN: Final = re.compile(rb"((?:,=)+) =((?:,=)*) ")

Rows = npt.NDArray[np.int64]


class _UnfitError(Exception):
    """Some line among these is not for the bulk path."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Columns of a CSV of lines that carry the same tags and fields in the same order."""

    measurement: Measurement
    columns: tuple[tuple[str, DType, bool, int], ...]
    """Name, type, whether it is a field, and place of each value."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What could be read in bulk, and the indices of the lines that could not."""

    tables: list[tuple[str, pa.Table]]
    left: list[int]


def parse_bulk(body: bytes, rule: TimeRule) -> BulkResult:
    """Read the plain lines of `body` (lines ended by a newline). Blank lines are skipped."""
    lines = body.translate(_COMMAS).split(b"\n")
    result = BulkResult([], [])
    for signature, rows in _by_signature(body, lines).items():
        plain = _PLAIN.fullmatch(signature)
        if plain is None or len(rows) < MIN_LINES:
            result.left.extend(rows)
        else:
            table = _as_table(lines, rows, 1 + signature.count(b"=") * 2 + 1)
            _take_shapes(table, np.array(rows), len(plain[1]) // 2, rule, result)
    return result


def _by_signature(body: bytes, lines: list[bytes]) -> dict[bytes, list[int]]:
    signatures = body.translate(None, _NOT_KEPT).split(b"\n")
    if max(map(len, lines)) > MAX_LINE_BYTES:
        signatures = [s if len(text) <= MAX_LINE_BYTES else b"#" for s, text in zip(signatures, lines, strict=True)]
    groups: dict[bytes, list[int]] = {}
    for index, signature in enumerate(signatures):
        rows = groups.get(signature)
        if rows is None:
            groups[signature] = [index]
        else:
            rows.append(index)
    blank = [index for index in groups.pop(b"", []) if lines[index]]
    if blank:  # without any separator, but with text: for the exact path to refuse
        groups[b"#"] = groups.get(b"#", []) + blank
    return groups


def _as_table(lines: list[bytes], rows: list[int], width: int) -> pa.Table:
    text = b"\n".join([lines[row] for row in rows])
    names = [str(place) for place in range(width)]
    return pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(quote_char=False, double_quote=False, escape_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), check_utf8=False),
    )


def _take_shapes(table: pa.Table, rows: Rows, tag_count: int, rule: TimeRule, result: BulkResult) -> None:
    """Split lines of one signature by the names they carry, and read those whose names the schema knows."""
    key_places = [0, *range(1, table.num_columns - 1, 2)]
    for _ in range(MAX_SHAPES):
        keys = tuple(table.column(place)[0].as_py() for place in key_places)
        same = _rows_with(table, key_places, keys)
        shape = _shape(keys, tag_count)
        picked, picked_rows = (table, rows) if same is None else (table.filter(same), rows[same.to_numpy()])
        if shape is None:
            result.left.extend(picked_rows.tolist())
        else:
            _take(picked, picked_rows, shape, rule, result)
        if same is None:
            return
        other = pc.invert(same)
        table, rows = table.filter(other), rows[other.to_numpy()]
    result.left.extend(rows.tolist())


def _rows_with(table: pa.Table, places: Sequence[int], keys: Sequence[str]) -> Any | None:
    """Mask of the rows that carry `keys`; None when all do."""
    same = None
    for place, key in zip(places, keys, strict=True):
        equal = pc.equal(table.column(place), key)
        if not pc.all(equal).as_py():
            same = equal if same is None else pc.and_(same, equal)
    return same


@lru_cache(maxsize=1024)
def _shape(keys: tuple[str, ...], tag_count: int) -> _Shape | None:
    """The shape that these names make, or None where they do not fit the schema."""
    measurement, names = MEASUREMENTS.get(keys[0]), keys[1:]
    if measurement is None or len(set(names)) < len(names):
        return None
    if set(names[:tag_count]) != {tag.name for tag in measurement.tags}:
        return None
    if not set(names[tag_count:]) <= {field.name for field in measurement.fields}:
        return None
    types = dict(measurement.columns)
    return _Shape(measurement, tuple((n, types[n], i >= tag_count, 2 * i + 2) for i, n in enumerate(names)))


def _take(table: pa.Table, rows: Rows, shape: _Shape, rule: TimeRule, result: BulkResult) -> None:
    """Convert all lines; where one of them resists, halve until it stands alone among few."""
    try:
        result.tables.append((shape.measurement.name, _converted(table, shape, rule)))
    except (pa.ArrowInvalid, _UnfitError):
        half = table.num_rows // 2
        if half < MIN_LINES:
            result.left.extend(rows.tolist())
            return
        _take(table.slice(0, half), rows[:half], shape, rule, result)
        _take(table.slice(half), rows[half:], shape, rule, result)


def _converted(table: pa.Table, shape: _Shape, rule: TimeRule) -> pa.Table:
    schema = SCHEMAS[shape.measurement.name]
    read = {name: _values(table.column(place), dtype, is_field) for name, dtype, is_field, place in shape.columns}
    read["ts_ms"] = _times(table.column(table.num_columns - 1), rule)
    for field in schema:
        if field.name not in read:
            read[field.name] = pa.nulls(table.num_rows, field.type)
    return pa.table([read[name] for name in schema.names], schema=schema)


def _values(texts: Any, dtype: DType, is_field: bool) -> Any:
    if dtype == "str":
        return _checked(texts, _range(pc.binary_length(texts)), 1, MAX_TAG_CHARS)
    if dtype == "float":
        numbers = texts.cast(pa.float64())
        if not pc.all(pc.is_finite(numbers)).as_py():
            raise _UnfitError
        return numbers
    if not is_field:
        whole = _whole(texts)
        return _checked(whole, _range(whole), 0, None)
    if not pc.all(pc.ends_with(texts, "i")).as_py():
        raise _UnfitError
    return _whole(pc.utf8_slice_codeunits(texts, 0, -1))


def _times(texts: Any, rule: TimeRule) -> Any:
    ts_ms = rule.column_to_ms(_whole(texts))
    return _checked(ts_ms, _range(ts_ms), EARLIEST_MS, rule.now_ms + FUTURE_MS)


def _whole(texts: Any) -> Any:
    if pc.any(pc.match_substring(texts, "x")).as_py() or pc.any(pc.match_substring(texts, "X")).as_py():
        raise _UnfitError  # Arrow would read 0x10 as sixteen
    return texts.cast(pa.int64())


def _range(numbers: Any) -> tuple[int, int]:
    found = pc.min_max(numbers).as_py()
    return found["min"], found["max"]


def _checked(column: Any, span: tuple[int, int], lowest: int, highest: int | None) -> Any:
    if span[0] < lowest or (highest is not None and span[1] > highest):
        raise _UnfitError
    return column


def iterate_lines(body: bytes, indices: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Index and text of the lines at `indices`, in their order in the text."""
    lines = body.split(b"\n") if indices else []
    return ((index, lines[index]) for index in sorted(indices))
