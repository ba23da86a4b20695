"""Rows as InfluxDB line protocol with timestamps in ms."""

import math
from collections.abc import Iterable

from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import MEASUREMENTS, Measurement

_NAME_ESCAPES = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\=", "\n": r"\n"})
_MEASUREMENT_ESCAPES = str.maketrans({",": r"\,", " ": r"\ ", "\n": r"\n"})


def format_lines(samples: Iterable[Sample]) -> bytes:
    """The rows, one line each, every line ended. Rows without a value give no line."""
    lines = [line for sample in samples if (line := format_line(sample))]
    return "".join(f"{line}\n" for line in lines).encode()


def format_line(sample: Sample) -> str:
    """One row as `measurement,tag=value field=value timestamp`, empty when no field of it can be written.

    Whole numbers of the schema end in `i`, others are the shortest text that reads back as the same float. What line
    protocol cannot say - no number, infinite - is left out: it is missing.

    Raises:
        KeyError: the measurement or a field is not of the schema.
    """
    measurement = MEASUREMENTS[sample.measurement]
    fields = [
        f"{name.translate(_NAME_ESCAPES)}={text}"
        for name, value in sample.fields.items()
        if (text := _value(measurement, name, value))
    ]
    if not fields:
        return ""
    tags = [f",{_tag(name)}={_tag(str(value))}" for name, value in sample.tags.items() if value != ""]
    return f"{measurement.name.translate(_MEASUREMENT_ESCAPES)}{''.join(tags)} {','.join(fields)} {sample.ts_ms}"


def _tag(text: str) -> str:
    """Escaped; a backslash at the end would escape the separator behind it and cannot be said otherwise."""
    return text.translate(_NAME_ESCAPES).rstrip("\\")


def _value(measurement: Measurement, name: str, value: Value) -> str:
    field = measurement.field(name)
    if field is None:
        raise KeyError(f"{measurement.name} has no field {name}")
    if not math.isfinite(value):
        return ""
    return f"{int(value)}i" if field.dtype == "int" else repr(float(value))
