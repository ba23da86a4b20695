"""Up to when everything is known."""

from aggregator.ledger.facts import SourceState
from aggregator.pipeline.horizon import horizon_ms, samples_complete_ms, silence_limit_ms

LIMIT = 600_000
NOW = 10_000_000


def source(success_ms: int | None) -> SourceState:
    return SourceState("s", success_ms, NOW, "")


def test_the_slowest_node_that_reports_counts() -> None:
    newest = {"a": NOW - 1_000, "b": NOW - 500_000}
    assert samples_complete_ms(newest, NOW, 0, LIMIT) == NOW - 500_000


def test_a_silent_node_is_not_waited_for() -> None:
    assert samples_complete_ms({"a": NOW - 1_000, "dead": NOW - LIMIT - 1}, NOW, 0, LIMIT) == NOW - 1_000


def test_after_a_start_every_node_is_waited_for_a_while() -> None:
    newest = {"a": NOW - 1_000, "b": NOW - 5 * LIMIT}
    assert samples_complete_ms(newest, NOW, NOW - LIMIT, LIMIT) == NOW - 5 * LIMIT
    assert samples_complete_ms(newest, NOW, NOW - LIMIT - 1, LIMIT) == NOW - 1_000


def test_no_node_reports() -> None:
    assert samples_complete_ms({"dead": 0}, NOW, 0, LIMIT) is None
    assert samples_complete_ms({}, NOW, 0, LIMIT) is None
    assert horizon_ms(None, {}, [], NOW) == NOW


def test_slow_agents_get_more_time() -> None:
    assert silence_limit_ms(15.0) == 600_000
    assert silence_limit_ms(300.0) == 3_000_000


def test_the_slowest_source_counts() -> None:
    sources = {"scontrol": source(NOW - 15_000), "sacct": source(NOW - 60_000)}
    assert horizon_ms(NOW - 5_000, sources, ["scontrol", "sacct"], NOW) == NOW - 60_000
    assert horizon_ms(NOW - 5_000, sources, ["scontrol"], NOW) == NOW - 15_000


def test_a_source_that_never_answered_holds_everything() -> None:
    assert horizon_ms(NOW, {"sacct": source(None)}, ["sacct"], NOW) == 0
    assert horizon_ms(NOW, {}, ["sacct"], NOW) == 0
