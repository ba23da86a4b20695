"""What cannot be right is told with its size, and breaks nothing."""

import numpy as np

from aggregator.kernel.arrays import FOREVER, GpuShares, Lives, Suspensions, Tenants, Window
from aggregator.pipeline.oddities import most_held, oddities

WINDOW = Window(np.array([1000, 9000], np.int64), 900_000)
Job = tuple[int, int, int, float]
"""Node, start and end [ms], CPUs."""


def tenants(
    *jobs: Job,
    suspended: tuple[tuple[int, int, int], ...] = (),
    modelled: tuple[int, ...] = (),
    exclusive: tuple[int, ...] = (),
    gpus: tuple[tuple[int, int], ...] = (),
) -> Tenants:
    node, start, end, cpus = (np.array([job[place] for job in jobs]) for place in range(4))
    numbers = np.arange(len(jobs))
    lives = Lives(
        node.astype(np.int32), numbers, numbers, start.astype(np.int64), end.astype(np.int64), cpus.astype(np.float64),
        np.zeros(len(jobs)), np.isin(numbers, exclusive), np.isin(numbers, modelled), np.full(len(jobs), np.nan),
    )  # fmt: skip
    spans = np.array(suspended, np.int64).reshape(-1, 3)
    boards = np.array(gpus, np.int64).reshape(-1, 2)
    ones = np.ones(len(boards))
    shares = GpuShares(boards[:, 0], boards[:, 1], ones, ones, np.zeros(len(boards), np.bool_))
    return Tenants(lives, Suspensions(spans[:, 0], spans[:, 1], spans[:, 2]), shares)


def most(held: Tenants, *cpus: float) -> list[float]:
    found: list[float] = most_held(held, WINDOW, np.array(cpus)).tolist()
    return found


def test_the_most_that_is_held_at_once() -> None:
    """4 + 2 from 2000, 4 + 8 from 5000 when the second job has just ended; node 1 has one job without end."""
    held = tenants((0, 0, 7000, 4), (0, 2000, 5000, 2), (0, 5000, 9500, 8), (1, 3000, FOREVER, 3))
    assert most(held, 16.0, 16.0) == [12.0, 3.0]


def test_what_is_outside_the_window_or_has_no_length_does_not_count() -> None:
    assert most(tenants((0, 0, 1000, 64), (0, 9000, 9999, 64), (0, 3000, 3000, 64), (0, 5000, 4000, 64)), 8.0) == [0.0]


def test_suspended_jobs_hold_no_cpus() -> None:
    held = tenants((0, 0, 9000, 8), (0, 2000, 4000, 8), suspended=((0, 2000, 4000),))
    assert most(held, 8.0) == [8.0]


def test_whole_nodes_and_assumed_splits() -> None:
    assert most(tenants((0, 0, 9000, 1), exclusive=(0,)), 8.0) == [8.0]
    assert most(tenants((0, 0, 9000, 6), (0, 0, 9000, 6), modelled=(0, 1)), 8.0) == [0.0]
    assert most(tenants((0, 0, 9000, 96), modelled=(0,)), 8.0) == [96.0]


def test_sentences() -> None:
    held = tenants((0, 0, 9000, 96), (1, 0, 9000, 1), (2, 0, 9000, 8), (3, 0, 9000, 8), gpus=((2, -1), (3, 0)))
    capacities = {"a": (64, 0), "c": (8, 0)}
    assert oddities(held, ("a", "b", "c", "d"), WINDOW, capacities, {"d"}) == [
        "node a: jobs hold 96 CPUs at once, it has 64: they share what there is",
        "node b: jobs held something there (1 in a day), but neither Slurm nor any sample knows it",
        "node c: GPU instances of jobs have no board, idle is charged: set mig_slices of its node model in the "
        "configuration",
    ]


def test_nothing_odd() -> None:
    assert oddities(tenants((0, 0, 9000, 8)), ("a",), WINDOW, {"a": (8, 0)}, set()) == []
    assert oddities(tenants(), (), WINDOW, {}, set()) == []
