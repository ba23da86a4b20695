"""How a figure came about: the numbers are the ledger's, the sentences say them."""

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.ledger import tables
from aggregator.queries.explain_words import closing_lines, node_lines
from aggregator.queries.queries import Queries
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer


@pytest.fixture
def explained(filled: Book) -> Book:
    """On n1, Alice's job beside Bob's: idle power of the processors calibrated, of fans and disks from the model."""
    filled.add(
        tables.nodes,
        **{"node": "n1", "cpus": 16, "memory_bytes": 64 * 2**30, "gpus": 1, "partitions": "cpu", "features": ""},
        **{"seen_ms": T0, "first_seen_ms": T0},
    )
    for component, power_w, origin in (("cpu", 80.0, "calibrated"), ("rest", 50.0, "model")):
        filled.add(
            tables.idle_powers,
            **{"node": "n1", "day_ms": T0 - T0 % DAY_MS, "component": component, "power_w": power_w},
            **{"intervals": 412 if origin == "calibrated" else 0, "origin": origin, "revision": 1, "frozen": True},
        )
    filled.add(tables.suspensions, job_ref=1, start_ms=T0, end_ms=T0 + 90_000)
    return filled


def test_the_numbers_are_those_of_the_ledger(explained: Book, queries: Queries) -> None:
    found = queries.explain(ADMIN, 101)
    first, second = found.nodes
    assert (first.share.node, second.share.node) == ("n1", "n2")
    assert (first.node_cpus, second.node_cpus) == (16, 0.0)  # nobody described n2
    assert first.by_account_j == {"jobs": 7200.0, "other jobs": 7200.0}
    assert second.by_account_j == {"jobs": 7200.0, "system": 300.0, "idle": 900.0, "unattributed": -100.0}
    assert first.all_j["cpu_static_j"] == 2 * 1000.0 + 1800.0
    assert first.evidence_j["modelled_j"] == 1200.0
    assert first.uncertainty == pytest.approx(0.05)
    assert [(use.component, use.lowest_w, use.origin) for use in first.idle_powers] == [
        ("cpu", 80.0, "calibrated"),
        ("rest", 50.0, "model"),
    ]
    assert (found.windows, found.suspended_s, found.newest_revision) == (2, 90.0, 1)


def test_the_words_carry_the_numbers(explained: Book, queries: Queries) -> None:
    found = queries.explain(ADMIN, 101)
    said = list(node_lines(found.nodes[0]))
    assert said[0] == "held 4 of 16 CPUs, 8 GiB of 64 GiB of memory, 1 GPU for 00:30:00, 100 % of it between samples"
    static = next(line for line in said if line.startswith("cpu static"))
    assert "idle power 80 W (calibrated from 412 job-free intervals)" in static
    assert "53 % of the node's 1.06 Wh" in static  # 2000 J of 3800 J
    dynamic = next(line for line in said if line.startswith("cpu dynamic"))
    assert "3600 CPU seconds at 1.11 J each" in dynamic  # 4000 J
    rest = next(line for line in said if line.startswith("rest static"))
    assert "50 W (of the node model: not calibrated)" in rest
    assert said[-1] == "83 % counted by meters; 17 % modelled, not measured: known to ±5 %"
    closing = list(closing_lines(found))
    assert "suspended for 00:01:30" in closing[0]
    assert closing[1] == "Booked in 2 windows of 15 minutes."


def test_it_says_whether_the_accounts_sum_to_the_meter(explained: Book, queries: Queries) -> None:
    def beside() -> str:
        return next(line for line in node_lines(queries.explain(ADMIN, 102).nodes[0]) if "in the same windows" in line)

    assert beside().endswith("NOT what its meters say")  # the fixture's meters say nothing
    with explained.engine.begin() as connection:
        at = (tables.measured.c.node == "n1") & (tables.measured.c.bucket_ms == T0 + BUCKET)
        connection.execute(tables.measured.update().where(at).values(cpu_j=10_800.0))
    assert "this job 2 Wh, other jobs 1 Wh; the sum is 3 Wh, which is what its meters say" in beside()


def test_a_job_of_somebody_else_is_not_explained(explained: Book, queries: Queries) -> None:
    assert queries.explain(Viewer("bob"), 101) is None
    assert queries.explain(Viewer("alice"), 101) is not None
    assert queries.explain(ADMIN, 999) is None


def test_what_a_neighbour_drew_is_not_told_to_others(explained: Book, queries: Queries) -> None:
    """On n1 Bob's job ran beside Alice's: node less own would be his. On n2 nobody's did."""
    first, second = queries.explain(Viewer("alice"), 101).nodes
    assert (dict(first.all_j), first.by_account_j, first.measured_j) == ({}, {"jobs": 7200.0}, None)
    said = list(node_lines(first))
    assert any("shown to administrators" in line for line in said)
    assert not any("of the node's 1.06 Wh" in line for line in said)
    admins = queries.explain(ADMIN, 101).nodes[1]
    assert (second.by_account_j, second.all_j, second.measured_j) == (
        admins.by_account_j,
        admins.all_j,
        admins.measured_j,
    )


def test_a_job_without_bookings_has_nothing_to_explain(explained: Book, queries: Queries) -> None:
    found = queries.explain(ADMIN, 103)
    assert (found.nodes, found.windows) == ((), 0)


def test_without_an_idle_power_energy_counts_as_dynamic(filled: Book, queries: Queries) -> None:
    row = {"power_w": None, "intervals": 0, "origin": "none", "revision": 1, "frozen": True}
    filled.add(tables.idle_powers, day_ms=T0 - T0 % DAY_MS, node="n1", component="cpu", **row)
    found = queries.explain(ADMIN, 101)
    assert found is not None
    text = " ".join(node_lines(found.nodes[0]))
    assert "its processors' idle power is not known, so all energy counts as dynamic, save where no CPU worked" in text
