"""What is well with the data and what is not: each finding has its size and its place."""

import pytest
from ledger_book import BUCKET, SETTINGS, T0, Book
from sqlalchemy import update

from aggregator.ledger import tables
from aggregator.queries.checks.finding import Finding, Level, named
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer


def found(queries: Queries, area: str, level: Level) -> list[Finding]:
    return [each for each in queries.health(ADMIN).findings if (each.area, each.level) == (area, level)]


def sentence(queries: Queries, area: str, level: Level, start: str) -> str:
    return next(each.sentence for each in found(queries, area, level) if start in each.sentence)


def test_only_who_sees_all_is_told(filled: Book, queries: Queries) -> None:
    assert queries.health(Viewer("alice")) is None


def test_the_worst_comes_first(filled: Book, queries: Queries) -> None:
    filled.add(tables.sources, name="sacct", success_ms=T0, attempt_ms=T0, error="connection refused")
    levels = [finding.level for finding in queries.health(ADMIN).findings]
    assert levels == sorted(levels, key=(Level.FAULT, Level.WARNING, Level.OK).index)
    assert queries.health(ADMIN).worst is Level.FAULT
    assert (
        "sacct does not answer; it last did 2 h ago: connection refused"
        in found(queries, "sources", Level.FAULT)[0].sentence
    )


def test_windows_that_miss_their_meter_are_a_fault_with_its_size(filled: Book, queries: Queries) -> None:
    assert "In all 2 windows the accounts sum to the meter" in sentence(queries, "ledger", Level.OK, "accounts")
    with filled.engine.begin() as connection:
        bad = update(tables.windows).where(tables.windows.c.bucket_ms == T0 + BUCKET)
        connection.execute(bad.values(closure_error=2e-6))
    (fault,) = found(queries, "ledger", Level.FAULT)
    assert "In 1 of 2 windows the accounts miss the meter, by 2.0e-06 of it at most." in fault.sentence
    assert fault.places == ("2025-06-15 17:30:00 CEST",)


def test_windows_that_stay_open_are_told(filled: Book, queries: Queries) -> None:
    filled.window(-20, "open")
    assert "1 windows are not final" in sentence(queries, "ledger", Level.WARNING, "not final")


def test_nodes_with_few_samples_are_named(filled: Book, queries: Queries) -> None:
    (low,) = [each for each in found(queries, "meters", Level.WARNING) if "less than 95 %" in each.sentence]
    assert "On 1 of 2 nodes" in low.sentence
    assert low.places == ("n2 50 %",)


def test_silent_nodes_and_nodes_without_a_model_are_named(filled: Book, queries: Queries) -> None:
    facts = {"cpus": 4, "memory_bytes": 0, "gpus": 0, "partitions": "", "features": "", "seen_ms": T0}
    filled.add(tables.nodes, node="n9", first_seen_ms=T0, **facts)
    places = {each.sentence: each.places for each in found(queries, "meters", Level.WARNING)}
    assert next(places[said] for said in places if "sent nothing for a day: 1." in said) == ("n9",)
    assert next(places[said] for said in places if "without a node model: 2." in said) == ("n1", "n2")


def test_parts_beyond_the_meter_are_told_with_their_size(filled: Book, queries: Queries) -> None:
    filled.booking(0, "n1", 1, {"rest_static_j": -7200.0}, account=3)
    filled.sum_up()
    assert "The parts say 2 Wh more than the whole-node meter; nodes: 1." in sentence(
        queries, "meters", Level.WARNING, "more than the whole-node"
    )


def test_much_that_is_modelled_is_told(filled: Book, queries: Queries) -> None:
    filled.sum_up()
    assert "was measured" in sentence(queries, "meters", Level.OK, "was measured")  # 2400 J of 22.7 kJ
    filled.booking(3, "n1", 1, {"cpu_static_j": 20_000.0}, modelled_j=20_000.0)
    filled.sum_up()
    assert "52 % of the energy is modelled" in sentence(queries, "meters", Level.WARNING, "modelled")


def test_nodes_of_unknown_idle_power_are_named(filled: Book, queries: Queries) -> None:
    day = {"day_ms": T0 - T0 % 86_400_000, "component": "cpu", "revision": 1, "frozen": True}
    filled.add(tables.idle_powers, node="n1", power_w=80.0, intervals=99, origin="calibrated", **day)
    filled.add(tables.idle_powers, node="n2", power_w=None, intervals=0, origin="none", **day)
    (unknown,) = [each for each in found(queries, "meters", Level.WARNING) if "idle power" in each.sentence]
    assert unknown.places == ("n2",)
    assert "calibrated on 1 of 2 nodes" in sentence(queries, "meters", Level.OK, "calibrated")


def test_assumed_splits_are_counted(filled: Book, queries: Queries) -> None:
    with filled.engine.begin() as connection:
        connection.execute(update(tables.allocations).where(tables.allocations.c.job_ref == 1).values(modelled=True))
    assert "Of 1 of 2 jobs of the last day nobody saw" in sentence(queries, "jobs", Level.WARNING, "nobody saw")


def test_faults_of_the_last_days_come_newest_first(filled: Book, queries: Queries) -> None:
    for seen_ms, message in ((T0 - 30 * 86_400_000, "old"), (T0, "earlier"), (T0 + 1, "later")):
        filled.add(tables.faults, seen_ms=seen_ms, source="scontrol", message=message, count=3)
    assert [(fault.message, fault.count) for fault in queries.health(ADMIN).faults] == [("later", 3), ("earlier", 3)]


@pytest.mark.parametrize(("count", "shown"), [(5, 5), (7, 6)])
def test_many_places_are_a_number(count: int, shown: int) -> None:
    places = named([str(n) for n in range(count)])
    assert len(places) == shown
    assert count == 5 or places[-1] == "and 2 more"


def test_an_empty_ledger_is_told(book: Book) -> None:
    health = Queries(book.engine, None, SETTINGS, now_ms=lambda: T0).health(ADMIN)
    assert [(each.level, each.sentence) for each in health.findings] == [(Level.WARNING, "Nothing is booked yet.")]


def test_windows_that_changed_after_they_were_final_are_counted(filled: Book, queries: Queries) -> None:
    assert not [each for each in found(queries, "ledger", Level.OK) if "new revision" in each.sentence]
    with filled.engine.begin() as connection:
        connection.execute(update(tables.windows).where(tables.windows.c.bucket_ms == T0).values(revision=2))
    (changed,) = [each for each in found(queries, "ledger", Level.OK) if "new revision" in each.sentence]
    assert changed.sentence.startswith("1 of 2 windows changed after they were final")
    assert changed.places == ("2025-06-15 17:15:00 CEST",)


def test_jobs_of_which_nothing_was_read_are_counted_with_their_nodes(filled: Book, queries: Queries) -> None:
    before = sum(" nothing is known" in each.sentence for each in found(queries, "jobs", Level.WARNING))
    assert before == 0
    filled.job(71, "alice", 0, 2)
    filled.allocation(71, "n2", 4, 1)
    filled.booking(71, "n2", 0, {}, covered_s=0.0)
    filled.job(72, "bob", 0, 2)
    filled.allocation(72, "n2", 4, 1)
    filled.booking(72, "n2", 1, {"cpu_static_j": 5.0}, covered_s=450.0)
    filled.sum_up()
    (blind,) = found(queries, "jobs", Level.WARNING)
    assert "Of 1 of " in blind.sentence
    assert "nothing is known" in blind.sentence
    assert blind.places == ("n2 (1)",)


def test_of_how_many_days_jobs_are_looked_at_is_told(filled: Book, queries: Queries) -> None:
    three_days_ago = -3 * 96
    filled.job(9, "bob", three_days_ago, three_days_ago + 2)
    filled.booking(9, "n1", three_days_ago, {"cpu_static_j": 1.0})
    filled.sum_up()
    said = {days: [each.sentence for each in queries.health(ADMIN, days).findings] for days in (1, 7)}
    assert "Of all 2 jobs of the last day energy is known, of some time at least." in said[1]
    assert "Of all 3 jobs of the last 7 days energy is known, of some time at least." in said[7]
