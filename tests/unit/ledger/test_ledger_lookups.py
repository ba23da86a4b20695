"""No statement that every poll runs may look through all jobs that ever were."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.node_model import UNKNOWN_MODEL

T0 = 1_780_272_000_000
JOB = JobRecord(JobKey("c", 1, T0), JobState.RUNNING, allocations=(Allocation("n1", 1.0),), source="scontrol")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


def test_the_jobs_of_a_time_are_found_without_those_of_all_other_times(ledger: Ledger) -> None:
    said: list[tuple[str, Any]] = []
    event.listen(
        ledger.engine, "before_cursor_execute", lambda _c, _cursor, text, values, *_: said.append((text, values))
    )
    ledger.upsert_jobs([JOB], T0 + 1)
    said.clear()
    assert ledger.load_tenants(["n1"], T0, T0 + 9, lambda _: UNKNOWN_MODEL).lives.job_id.tolist() == [1]
    assert ledger.allocated_nodes(T0, T0 + 9) == {"n1"}
    assert ledger.sibling_nodes(["n1"], T0, T0 + 9) == set()
    asked = [(text, values) for text, values in said if text.startswith("SELECT") and "FROM jobs" in text]
    assert len(asked) == 3
    with ledger.engine.begin() as connection:
        for text, values in asked:
            steps = [step for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            assert any("jobs_start (start_ms>? AND start_ms<?)" in step for step in steps), steps
            assert any("jobs_end (end_ms=?)" in step for step in steps), steps
            scanned = {step for step in steps if step.startswith("SCAN jobs")}
            assert scanned <= {"SCAN jobs_1 USING INDEX jobs_length"}, steps  # the longest few, as LIMIT says
            assert "LIMIT" in text
    (suspended,) = [text for text, _values in said if "FROM suspensions" in text]
    assert "suspensions.job_ref IN" in suspended


def test_a_poll_finds_its_jobs_through_the_index(ledger: Ledger) -> None:
    said: list[tuple[str, Any]] = []
    event.listen(
        ledger.engine, "before_cursor_execute", lambda _c, _cursor, text, values, *_: said.append((text, values))
    )
    others = [replace(JOB, key=JobKey("d", number, T0)) for number in range(5)]
    ledger.upsert_jobs([JOB, *others], T0 + 1)
    ledger.upsert_jobs([replace(JOB, key=JobKey("c", 1, T0 + 9))], T0 + 2)
    ledger.end_vanished([JOB.key])
    asked = [(text, values) for text, values in said if text.startswith("SELECT") and "FROM jobs" in text]
    assert asked
    with ledger.engine.begin() as connection:
        for text, values in asked:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            assert not [step for *_, step in steps if step.startswith("SCAN")], (text, steps)
