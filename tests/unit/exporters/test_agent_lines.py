import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.node.line_protocol import format_line, format_lines
from maxwatt.domain.samples import Sample, Value


def line(fields: dict[str, Value], node: str = "n1") -> str:
    return format_line(Sample("node", {"node": node}, fields, 1_700_000_000_123))


def test_a_row() -> None:
    assert line({"monotonic_s": 12.5, "epoch_id": 7, "cpu_count": 4, "cpu_busy_seconds_total": 3}) == (
        "node,node=n1 monotonic_s=12.5,epoch_id=7i,cpu_count=4i,cpu_busy_seconds_total=3.0 1700000000123"
    )


def test_whole_number_tags() -> None:
    row = Sample("job", {"node": "n1", "job_id": 42}, {"cpu_seconds_total": 0.25}, 5)
    assert format_line(row) == "job,node=n1,job_id=42 cpu_seconds_total=0.25 5"


def test_separators_in_tags_are_escaped() -> None:
    assert line({"cpu_count": 1}, node="a b,c=d\\").startswith(r"node,node=a\ b\,c\=d cpu_count=1i")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_left_out(value: float) -> None:
    assert line({"monotonic_s": 1.0, "cpu_energy_joules_total": value}).split()[1] == "monotonic_s=1.0"
    assert line({"cpu_energy_joules_total": value}) == ""


def test_every_line_is_ended_and_empty_rows_leave_none() -> None:
    full, empty = Sample("node", {"node": "n"}, {"cpu_count": 1}, 1), Sample("node", {"node": "n"}, {}, 1)
    assert format_lines([full, empty, full]) == b"node,node=n cpu_count=1i 1\n" * 2


def test_a_field_outside_the_schema_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError, match="watts"):
        line({"watts": 1.0})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_itself(value: float) -> None:
    text = line({"cpu_energy_joules_total": value}).split()[1].partition("=")[2]
    assert float(text) == value
