"""Jobs that were resized, as Slurm 22.05 tells it: each stretch is an attempt of its own, from all readers alike.

Recorded: a job of two nodes, begun at 1795356915, shrunk to one at 1795356927, cancelled at 1795356965.
"""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.sources.jobs.records import stretch_start_ms
from aggregator.sources.jobs.sacct import parse_sacct
from aggregator.sources.jobs.scontrol_text import parse_jobs
from aggregator.sources.jobs.slurm_json import parse_scontrol_jobs
from maxwatt.domain.jobs import JobKey, JobState
from maxwatt.domain.merge import absorb

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"
BEGUN, RESIZED, ENDED = 1795356915_000, 1795356927_000, 1795356965_000
SACCT = """\
JobIDRaw|JobID|Submit|Eligible|Start|End|State|AllocCPUS|NNodes|NodeList|TotalCPU
1|1|1795356915|1795356915|1795356915|1795356927|RESIZING|2|2|mwe82b-n[01-02]|00:00:00
1.batch|1.batch|1795356915|1795356915|1795356915|1795356927|RESIZING|1|1|mwe82b-n01|00:00:07
1.0|1.0|1795356915|1795356915|1795356915|1795356927|RESIZING|2|2|mwe82b-n[01-02]|00:00:00
1|1|1795356927|1795356927|1795356915|1795356965|CANCELLED by 0|1|1|mwe82b-n01|00:00:00
"""


def test_accounting_tells_the_resize_as_a_submission_after_the_start() -> None:
    (first, second), faults = parse_sacct(SACCT.splitlines(), "c", "UTC")
    assert not faults
    assert (first.key, first.end_ms, first.state) == (JobKey("c", 1, BEGUN), RESIZED, JobState.RESIZING)
    assert (second.key, second.end_ms, second.state) == (JobKey("c", 1, RESIZED), ENDED, JobState.CANCELLED)
    assert [len(each.allocations) for each in (first, second)] == [2, 1]
    assert (first.total_cpu_s, second.total_cpu_s) == (None, None)  # booked on the wrong stretch, or lost


def test_the_controllers_text() -> None:
    text = gzip.decompress((FIXTURES / "scontrol-2205.txt.gz").read_bytes()).decode()
    block = next(part for part in text.split("\n\n") if part.startswith("JobId=23 "))
    start = int(block.split("StartTime=")[1].split()[0])
    block = block.replace("   StartTime=", f"   ResizeTime={start + 12}\n   StartTime=")
    found = parse_jobs(block, frozenset({23}), "c", ZoneInfo("UTC"))
    assert not found.faults
    assert found.records[0].key == JobKey("c", 23, (start + 12) * 1000)


def test_the_controllers_json() -> None:
    content: Any = json.loads(gzip.decompress((FIXTURES / "scontrol-2605.json.gz").read_bytes()))
    job = next(job for job in content["jobs"] if job["job_id"] == 3)
    start = job["start_time"]["number"]
    job["resize_time"] = {"set": True, "infinite": False, "number": start + 1}
    records, faults = parse_scontrol_jobs(content, "maxwell")
    assert not faults
    assert next(each.key for each in records if each.key.job_id == 3).start_ms == (start + 1) * 1000


@pytest.mark.parametrize(
    ("end_ms", "changed_ms", "start_ms"),
    [(None, (None,), 5), (None, (3, 4), 5), (9, (7, None), 7), (9, (10,), 5), (None, (7, 6), 7)],
)
def test_the_start_of_a_stretch(end_ms: int | None, changed_ms: tuple[int | None, ...], start_ms: int) -> None:
    assert stretch_start_ms(5, end_ms, *changed_ms) == start_ms


def test_accounting_ends_the_stretch_before_a_resize() -> None:
    """The live reader saw it last two seconds before."""
    (first, _), _ = parse_sacct(SACCT.splitlines(), "c", "UTC")
    seen = replace(first, state=JobState.UNKNOWN, end_ms=RESIZED - 2000, source="scontrol")
    assert (absorb(seen, first).end_ms, absorb(seen, first).state) == (RESIZED, JobState.RESIZING)
