"""The schema keeps its own rules: base units, unique names, Prometheus's naming."""

import re

import pytest

from maxwatt.domain.schema import MEASUREMENTS, Kind, prometheus_name

FIELDS = [(m, f) for m in MEASUREMENTS.values() for f in m.fields]


@pytest.mark.parametrize(("measurement", "field"), FIELDS, ids=lambda x: getattr(x, "name", ""))
def test_counters_and_only_they_end_in_total(measurement, field):
    if field.name == "memory_total_bytes":
        return  # the total amount, a gauge
    assert field.name.endswith("_total") == (field.kind is Kind.COUNTER)


@pytest.mark.parametrize(("measurement", "field"), FIELDS, ids=lambda x: getattr(x, "name", ""))
def test_names_are_prometheus_names_and_say_their_unit(measurement, field):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", prometheus_name(measurement, field))
    word = {"J": "joules", "s": "s", "B": "bytes", "W": "watts", "1": ""}[field.unit]
    assert word in field.name


def test_every_measurement_belongs_to_a_node_and_has_distinct_columns():
    for measurement in MEASUREMENTS.values():
        names = [name for name, _ in measurement.columns]
        assert names[0] == "ts_ms" and "node" in names
        assert len(set(names)) == len(names)
