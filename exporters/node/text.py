"""Rows for people and scripts: what `maxwatt agent --once` prints."""

import json
from collections.abc import Iterable, Sequence

from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import MEASUREMENTS


def as_json(samples: Iterable[Sample]) -> str:
    """A list of objects with measurement, tags, fields and ts_ms."""
    return json.dumps(
        [
            {"measurement": row.measurement, "tags": dict(row.tags), "fields": dict(row.fields), "ts_ms": row.ts_ms}
            for row in samples
        ],
        indent=2,
    )


def as_text(samples: Sequence[Sample]) -> str:
    """A block per row: its tags, then a line per field with value and unit."""
    return "\n".join(line for row in samples for line in _block(row))


def _block(row: Sample) -> list[str]:
    measurement = MEASUREMENTS[row.measurement]
    tags = ", ".join(f"{name} {value}" for name, value in row.tags.items())
    units = {field.name: field.unit for field in measurement.fields}
    lines = [f"  {name:36} {value:>22} {units[name]}" for name, value in row.fields.items()]
    return [f"{row.measurement} ({tags})", *lines]
