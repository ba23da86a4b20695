import pytest

from aggregator.queries.models import Evidence, Status
from maxwatt.cli._format import as_json, clean, evidence_text, header_lines, print_table

KINDS = {"counted": 1.0, "integrated": 0.0, "interpolated": 0.0, "accounted": 0.0, "modelled": 0.0}


def test_evidence_tells_the_remarkable_only() -> None:
    assert evidence_text(Evidence(KINDS, 1.0, 0.041, 1, False)) == "±4.1 %"
    weak = {**KINDS, "counted": 0.876, "modelled": 0.12, "accounted": 0.004}
    assert evidence_text(Evidence(weak, 0.97, 0.2, 1, True)) == "±20 %, 12 % modelled, 97 % covered, provisional"
    assert evidence_text(None) == "not booked"


def test_json_keeps_ms_and_adds_iso_with_offset() -> None:
    status = Status("c", "Europe/Berlin", False, 1_751_371_200_000, None, None)
    document = as_json(status, "Europe/Berlin")
    assert document["booked_until_ms"] == 1_751_371_200_000
    assert document["booked_until"] == "2025-07-01T14:00:00.000+02:00"
    assert (document["closed_until_ms"], document["closed_until"]) == (None, None)
    assert as_json({"a": (1, {"x_ms": 0})}, "UTC") == {"a": [1, {"x_ms": 0, "x": "1970-01-01T00:00:00.000+00:00"}]}


def test_a_job_name_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert clean("a\x1b[2Jb\nc") == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c"
    print_table({"name": "left"}, [["\x1b[31mred [bold]x[/bold]"]])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "[bold]x[/bold]" in printed  # no markup either


def test_a_piped_table_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table({"name": "left", "n": "right"}, [["x" * 150, "1"]])
    assert "x" * 150 in capsys.readouterr().out


def test_simulated_stands_first() -> None:
    lines = header_lines(Status("demo", "UTC", True, None, None, None))
    assert lines == ["SIMULATED: demo is no real cluster", "cluster demo, nothing booked yet"]
