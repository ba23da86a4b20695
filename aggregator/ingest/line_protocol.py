"""InfluxDB line protocol in our schema: bytes to tables. Good lines are kept, every bad one is named with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from aggregator.ingest.bulk_lines import iterate_lines, parse_bulk
from aggregator.ingest.exact_line import parse_line
from aggregator.ingest.timestamps import TimeRule
from aggregator.store.arrow import SCHEMAS
from maxwatt.domain.errors import InputError
from maxwatt.domain.samples import Value

MAX_FAULTS: Final = 1000
"""Faults kept with their words; further ones are counted."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """What a body of lines said.

    Args:
        tables: measurement name to rows, with the columns of its schema.
        faults: the first MAX_FAULTS bad lines, by line.
        fault_count: all bad lines.
    """

    tables: dict[str, pa.Table]
    faults: list[InputError]
    fault_count: int

    @property
    def row_count(self) -> int:
        """Good lines."""
        return sum(table.num_rows for table in self.tables.values())


def parse_lines(body: bytes, *, now_ms: int, precision: str = "ns", first_line: int = 1) -> ParsedBatch:
    """Rows and faults of a body of line protocol.

    A line is `measurement,tag=value[,…] field=value[,…] timestamp`; every tag of the measurement stands there, fields
    that could not be read are left out, whole numbers end in `i`. Blank lines and lines that begin with `#` say
    nothing.

    Args:
        body: the lines, UTF-8.
        now_ms: the server's time [epoch ms UTC]; what lies more than an hour ahead is refused.
        precision: unit of the timestamps: ns, us, ms or s.
        first_line: number of the first line, for the messages.

    Raises:
        InputError: unknown precision.
    """
    rule = TimeRule(precision, now_ms)
    text = body.replace(b"\r\n", b"\n") if b"\r" in body else body
    bulk = parse_bulk(text, rule)
    rows: dict[str, list[dict[str, str | Value]]] = {}
    faults: list[InputError] = []
    fault_count = 0
    for index, raw in iterate_lines(text, bulk.left):
        if raw.startswith(b"#"):
            continue
        try:
            row = parse_line(raw, first_line + index, rule)
        except InputError as error:
            fault_count += 1
            if len(faults) < MAX_FAULTS:
                faults.append(error.with_traceback(None))
        else:
            rows.setdefault(row.measurement, []).append(row.values)
    return ParsedBatch(_joined(bulk.tables, rows), faults, fault_count)


def _joined(
    tables: Sequence[tuple[str, pa.Table]], rows: dict[str, list[dict[str, str | Value]]]
) -> dict[str, pa.Table]:
    parts: dict[str, list[pa.Table]] = {}
    for name, table in tables:
        parts.setdefault(name, []).append(table)
    for name, values in rows.items():
        parts.setdefault(name, []).append(pa.Table.from_pylist(values, SCHEMAS[name]))
    return {name: pa.concat_tables(found) for name, found in parts.items()}
