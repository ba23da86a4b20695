"""One table in the formats that people take along."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dash_app.files.formulas import unformula

Row = Mapping[str, Any]
"""Column to value; None is unknown. All rows of a table have the same columns."""


def csv_bytes(rows: Sequence[Row]) -> bytes:
    """With a head; unknown is empty. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows[0] if rows else [])
    writer.writerows(["" if value is None else unformula(value) for value in row.values()] for row in rows)
    return text.getvalue().encode()


def json_bytes(rows: Sequence[Row]) -> bytes:
    """A list of objects; unknown is null."""
    return json.dumps([dict(row) for row in rows], ensure_ascii=False, allow_nan=False).encode() + b"\n"


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    """Columns of text, whole numbers, numbers and truths; unknown is null."""
    names = list(rows[0]) if rows else []
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: pa.array([row[name] for row in rows]) for name in names}), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


FORMATS: Final[Mapping[str, tuple[Callable[[Sequence[Row]], bytes], str]]] = {
    "csv": (csv_bytes, "text/csv; charset=utf-8"),
    "json": (json_bytes, "application/json"),
    "parquet": (parquet_bytes, "application/vnd.apache.parquet"),
}
"""How a file's ending is written, and its media type."""
