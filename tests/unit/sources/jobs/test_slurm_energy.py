"""What Slurm's own energy accounting says, recorded under 22.05 with simulated node counters."""

from pathlib import Path

import pytest

from aggregator.sources.jobs import values
from aggregator.sources.jobs.file import read_jobs_file
from aggregator.sources.jobs.json_values import energy_j
from aggregator.sources.jobs.records import job_energy_j
from maxwatt.domain.errors import InputError

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"


@pytest.mark.parametrize("form", ["txt", "json"])
def test_energy_by_job(form):
    """Rows of sacct: job 1 has only `1.batch` with 1755; job 2 has 1889 of its own (942 + 947 of two steps) beside
    2.batch with 1889 again; job 3 on two nodes 2974 from its step, 3.batch 1487 on one of them; job 4 on two nodes has
    only 4.batch with 1425, which is one node's: nobody knows the job's."""
    records, faults = read_jobs_file(FIXTURES / f"sacct-energy-2205.{form}.gz", "maxwell", "UTC")
    assert not faults
    assert {r.name: r.consumed_energy_j for r in records} == {
        "batch": 1755.0, "steps": 1889.0, "multi": 2974.0, "multinosrun": None,
    }  # fmt: skip


@pytest.mark.parametrize(("own", "batch", "nodes", "known"), [
    (5.0, 7.0, 1, 5.0), (5.0, None, 3, 5.0), (None, 7.0, 1, 7.0), (None, 7.0, 2, None), (None, None, 1, None),
])  # fmt: skip
def test_which_figure_is_the_job_s(own, batch, nodes, known):
    assert job_energy_j(own, batch, nodes) == known


@pytest.mark.parametrize(("text", "known"), [
    ("", None), ("0", None), ("1", 1.0), ("86400000000000", 8.64e13), ("18446744073709551614", None),
])  # fmt: skip
def test_none_and_noise_are_unknown(text, known):
    assert values.parse_energy_j(text) == known
    assert energy_j(int(text) if text else None) == known
    assert energy_j({"set": True, "infinite": False, "number": int(text or 0)}) == known
    assert energy_j({"set": False, "infinite": False, "number": 5}) is None


@pytest.mark.parametrize("text", ["1.75K", "-5", "x", "1e3"])
def test_what_is_no_energy_is_reported(text):
    with pytest.raises(InputError):
        values.parse_energy_j(text)
    with pytest.raises(InputError):
        energy_j(text)
