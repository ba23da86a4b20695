"""The schema's measurements as Arrow schemas, and tables brought into them."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from maxwatt.domain.errors import InputError
from maxwatt.domain.schema import MEASUREMENTS, Measurement

ARROW_TYPES: Final[Mapping[str, Any]] = {"int": pa.int64(), "float": pa.float64(), "str": pa.string()}


def arrow_schema(measurement: Measurement) -> pa.Schema:
    """Columns of a table of samples: `ts_ms`, the tags, the fields; nothing but fields may be null."""
    tags = {"ts_ms", *(tag.name for tag in measurement.tags)}
    return pa.schema(
        [pa.field(name, ARROW_TYPES[dtype], nullable=name not in tags) for name, dtype in measurement.columns]
    )


SCHEMAS: Final[Mapping[str, pa.Schema]] = {name: arrow_schema(m) for name, m in MEASUREMENTS.items()}


def as_samples(name: str, table: pa.Table) -> pa.Table:
    """`table` with exactly the columns of measurement `name`, fields it lacks as nulls.

    Raises:
        InputError: unknown measurement or column, a missing or null tag or time, or a value of another type.
    """
    if name not in SCHEMAS:
        raise InputError(f"unknown measurement {name!r}; known: {', '.join(SCHEMAS)}")
    schema = SCHEMAS[name]
    unknown = set(table.column_names) - set(schema.names)
    if unknown:
        raise InputError(f"{name}: unknown column {', '.join(sorted(unknown))}; known: {', '.join(schema.names)}")
    return pa.table([_column(name, table, field) for field in schema], schema=schema)


def _column(name: str, table: pa.Table, field: pa.Field) -> Any:
    if field.name not in table.column_names:
        if not field.nullable:
            raise InputError(f"{name}: column {field.name} is missing")
        return pa.nulls(table.num_rows, field.type)
    column = table[field.name]
    if not field.nullable and column.null_count:
        raise InputError(f"{name}: column {field.name} has {column.null_count} empty values; it names the row")
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise InputError(f"{name}: column {field.name}: {error}") from error
