"""Which runs cover what waits to be booked again."""

from aggregator.ledger.windows import EVERY_NODE, Stretch
from aggregator.pipeline.redo import MAX_RUNS, Run, plan


def stretch(node: str, start: int, end: int) -> Stretch:
    return Stretch(0, node, start, end)


def test_nodes_with_the_same_time_go_together() -> None:
    assert plan([stretch("b", 0, 4), stretch("a", 0, 4)], 0, 100) == [Run(0, 4, ("a", "b"))]


def test_overlaps_of_a_node_are_booked_once() -> None:
    assert plan([stretch("a", 0, 4), stretch("a", 2, 6), stretch("a", 6, 8)], 0, 100) == [Run(0, 8, ("a",))]


def test_what_is_booked_anyway_is_left_out() -> None:
    assert plan([stretch("a", 0, 8), stretch("b", 4, 8)], 0, 4) == [Run(0, 4, ("a",))]


def test_before_the_first_sample_there_is_nothing_to_book() -> None:
    assert plan([stretch("a", 0, 8), stretch("b", 0, 3)], 4, 100) == [Run(4, 8, ("a",))]


def test_a_run_of_every_node_covers_those_of_single_nodes() -> None:
    waiting = [stretch("a", 2, 4), stretch(EVERY_NODE, 0, 6), stretch("b", 4, 8)]
    assert plan(waiting, 0, 100) == [Run(0, 6, None), Run(4, 8, ("b",))]


def test_very_many_runs_become_one() -> None:
    waiting = [stretch(f"n{i}", 10 * i, 10 * i + 1) for i in range(MAX_RUNS + 1)]
    (run,) = plan(waiting, 0, 10_000)
    assert (run.start_ms, run.end_ms) == (0, 10 * MAX_RUNS + 1)
    assert run.nodes is not None
    assert set(run.nodes) == {each.node for each in waiting}


def test_very_many_runs_with_one_of_every_node_become_one_of_every_node() -> None:
    waiting = [stretch(f"n{i}", 10 * i, 10 * i + 1) for i in range(MAX_RUNS)] + [stretch(EVERY_NODE, 900, 901)]
    assert [run.nodes for run in plan(waiting, 0, 10_000)] == [None]
