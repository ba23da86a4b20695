"""A sample: one wide row on its way from a collector to a store."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = float | int


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a measurement of `maxwatt.domain.schema`.

    Args:
        measurement: name of the measurement.
        tags: tag name to value.
        fields: field name to value; a field that could not be read is left out.
        ts_ms: wall clock, whole ms, UTC.
    """

    measurement: str
    tags: Mapping[str, str | int]
    fields: Mapping[str, Value]
    ts_ms: int
