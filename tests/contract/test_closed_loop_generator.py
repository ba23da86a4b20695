"""The generator of the closed loop: it shares no code with what it tests, and its truth is the truth."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.closed_loop.generator.meters import RANGE_UJ
from benchmarks.closed_loop.generator.regime import PHYSICS, PLUMBING, Regime
from benchmarks.closed_loop.generator.scene import Scene, read, scene

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "benchmarks/closed_loop/generator"

LOADED = """
import importlib, json, sys
for name in sys.argv[1:]: importlib.import_module(f"benchmarks.closed_loop.generator.{name}")
print(json.dumps(sorted(name.split(".")[0] for name in sys.modules)))
"""


def test_it_loads_nothing_of_ours() -> None:
    names = sorted(path.stem for path in GENERATOR.glob("*.py") if path.stem != "__init__")
    assert "truth" in names
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours = {"aggregator", "collectors", "exporters", "maxwatt", "dash_app", "deploy"}
    assert not ours & set(json.loads(answer.stdout))


@pytest.fixture(scope="module", params=[PLUMBING, PHYSICS], ids=lambda regime: regime.name)
def world(request: pytest.FixtureRequest) -> Scene:
    return scene(request.param, 11, nodes=7, hours=6)


def test_the_books_close(world: Scene) -> None:
    for node in world.nodes:
        end_s = np.array([float(world.seconds)])
        booked_j = node.truth.jobs_j.sum(axis=0) + node.truth.system_j + node.truth.idle_j
        assert booked_j.sum() == pytest.approx(node.curves.whole_at(end_s)[0], rel=1e-9)
        counted = (node.curves.cpu_j[-1], node.curves.dram_j[-1], node.curves.gpu_j[:, -1].sum())
        np.testing.assert_allclose(booked_j.sum(axis=1)[:3], counted, rtol=1e-9)
        assert node.truth.cpu_s.sum() <= node.curves.busy_s[-1]


def test_the_meters_show_the_truth_between_two_readings() -> None:
    exact = scene(PLUMBING, 12, nodes=3, hours=3, reboots=False)
    for node, each in zip(exact.nodes, read(exact, 10.0), strict=True):
        steps_uj = np.diff(each.what.cpu_uj, axis=1) % (RANGE_UJ + round(RANGE_UJ / (2**32 - 1)))
        true_j = np.diff(np.interp(each.when.at_s, node.curves.knots_s, node.curves.cpu_j))
        np.testing.assert_allclose(steps_uj.sum(axis=0) / 1e6, true_j, atol=1e-5)
        assert (np.diff(each.what.cpu_uj, axis=1) < 0).any(), "it wraps"


def test_jobs_of_all_lengths_and_crowds(world: Scene) -> None:
    lengths = np.array([job.end_s - job.begin_s for job in world.jobs])
    assert lengths.min() >= 1 and (lengths < 10).any() and (lengths > 3600).any()
    held = [np.bincount(node.did.piece, minlength=len(node.did.seconds)).max() for node in world.nodes]
    assert min(held) <= 2 and max(held) == 64
    assert any(job.suspended for job in world.jobs) and any(len(job.machines) > 1 for job in world.jobs)
    for node in world.nodes:
        cpus = np.bincount(node.did.piece, node.did.cpus, len(node.did.seconds)) + node.did.system_cpus
        assert cpus.max() <= node.machine.cpus * (1 + 1e-9)


def test_slurm_cuts_seconds_and_does_not_count_every_job_right(world: Scene) -> None:
    used_s = np.sum([node.truth.cpu_s for node in world.nodes], axis=0)
    told = np.array([known.total_cpu_s for known in world.accounts]) / np.maximum(used_s, 1e-9)
    for job, known in zip(world.jobs, world.accounts, strict=True):
        assert 0 <= job.begin_s - known.start_s < 1 and 0 <= job.end_s - known.end_s < 1
    wrong = np.flatnonzero((used_s > 1) & (np.abs(told - 1) > 0.01))
    assert (len(wrong) > 0) == (world.regime is PHYSICS)
    assert not len(wrong) or (told[wrong].min() < 0.9 and 1.1 < told[wrong].max() <= 2)


def test_same_seed_same_scene() -> None:
    one, other = scene(PHYSICS, 3, nodes=2, hours=2), scene(PHYSICS, 3, nodes=2, hours=2)
    np.testing.assert_array_equal(one.truth_j, other.truth_j)
    np.testing.assert_array_equal(read(one, 10.0)[0].what.cpu_uj, read(other, 10.0)[0].what.cpu_uj)


def test_two_jobs_worked_out_by_hand() -> None:
    """8 CPUs, 80 W idle, 10 J per CPU second: A holds 4 and uses 2 for 100 s; B holds 2 and uses 1 from 50 s on."""
    from benchmarks.closed_loop.generator.activity import Activity
    from benchmarks.closed_loop.generator.machine import Machine
    from benchmarks.closed_loop.generator.power import Power
    from benchmarks.closed_loop.generator.truth import node_truth
    from benchmarks.closed_loop.generator.workload import Job

    machine = Machine("n", "mixed", 8, 8, 0, 80, 0, 0, 0, 10, 0, 160, 0, 0, 0, "none", (1, 1, 1, 1), 0)
    a = Job(1, 0, 100, (0,), 4, 4, (), False, (), 0.5, 0, 1, 1)
    b = Job(2, 50, 100, (0,), 2, 2, (), False, (), 0.5, 0, 1.5, 1)
    did = Activity(
        np.array([0.0, 50, 100]), np.array([0, 0, 1]), np.array([0, 1, 1]), np.ones(3, np.bool_),
        np.array([2.0, 2, 1]), np.zeros(3), np.zeros(2),
    )  # fmt: skip
    nothing = np.zeros(3)
    drawn = Power(np.array([20.0, 20, 15]), nothing, nothing, np.zeros(2), np.zeros(2), np.ones(2))
    found = node_truth(machine, did, drawn, (a, b), Regime("by hand"))
    # static A: 80 W * 4/8 * 100 s; B: 80 * 2/8 * 50; idle: 80 * (4/8 * 50 + 2/8 * 50). Dynamic A: 20 * 100; B: 15 * 50.
    np.testing.assert_allclose(found.jobs_j[:, 0], [[4000, 2000], [1000, 750]])
    np.testing.assert_allclose(found.idle_j[0], [3000, 0])
