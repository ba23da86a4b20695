import pytest

from aggregator.queries.use_statistics import percentile, use_statistic


def test_two_nodes_by_hand() -> None:
    tracks = [("n1", (10.0, 30.0), (100.0, 200.0)), ("n2", (10.0, 30.0), (None, 325.0))]
    found = use_statistic(tracks)
    assert found is not None
    first, second = found.nodes
    assert (first.mean, first.highest, first.p95) == (175.0, 200.0, 200.0)  # (10 x 100 + 30 x 200) / 40
    assert (second.node, second.mean) == ("n2", 325.0)
    assert found.mean == 250.0
    assert (found.lowest_node.node, found.highest_node.node, found.highest) == ("n1", "n2", 325.0)
    assert found.imbalance == pytest.approx(325 / 250 - 1)


def test_percentile_is_by_time() -> None:
    values = [(float(number), 1.0) for number in range(1, 101)]
    assert percentile(values, 0.95) == 95.0
    assert percentile([(1.0, 95.0), (9.0, 5.0)], 0.95) == 1.0
    assert percentile([(1.0, 94.0), (9.0, 6.0)], 0.95) == 9.0
    assert percentile([(7.0, 0.1)], 0.95) == 7.0


def test_nothing_known_is_none_and_zero_has_no_imbalance() -> None:
    assert use_statistic([]) is None
    assert use_statistic([("n1", (10.0,), (None,))]) is None
    idle = use_statistic([("n1", (10.0,), (0.0,))])
    assert idle is not None
    assert idle.imbalance is None
