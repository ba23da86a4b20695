"""The nodes as they are now: state, jobs, who may see them."""

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.ledger import tables
from aggregator.queries.cluster_now import cluster_now, node_kind
from aggregator.queries.node_powers import Powers
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer

NOW = T0 + 10 * BUCKET


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("ALLOCATED", "allocated"),
        ("MIXED", "mixed"),
        ("IDLE", "idle"),
        ("idle~", "powered_off"),
        ("IDLE+DRAIN", "drained"),
        ("MIXED+DRAIN", "drained"),
        ("DOWN*", "down"),
        ("ALLOCATED+COMPLETING", "allocated"),
        ("IDLE+POWERING_UP", "booting"),
        ("", "unknown"),
        ("SOMETHING_NEW", "unknown"),
    ],
)
def test_what_a_state_comes_to(state: str, kind: str) -> None:
    assert node_kind(state) == kind


def add_nodes(book: Book) -> None:
    for name, state in (("n1", "MIXED"), ("n2", "IDLE+DRAIN")):
        facts = {"cpus": 8, "memory_bytes": 0, "gpus": 0, "features": "", "seen_ms": NOW, "first_seen_ms": T0}
        book.add(tables.nodes, node=name, partitions="cpu,long", **facts)
        book.add(tables.node_states, node=name, start_ms=T0, end_ms=T0 + 1, state="DOWN", reason="before")
        book.add(tables.node_states, node=name, start_ms=T0 + 1, end_ms=None, state=state, reason="why")
    book.job(7, "carol", 9, None, state="RUNNING")
    book.allocation(7, "n1", 2, 1, "0,1")
    book.job(8, "dave", 9, 10)
    book.allocation(8, "n1", 2, 1)


def test_nodes_with_their_state_power_and_jobs(book: Book) -> None:
    add_nodes(book)
    powers = {"n1": Powers({"cpu": 100.0, "rest": 20.0}, 20.0, 0.5, None, None)}
    with book.engine.connect() as connection:
        found = cluster_now(connection, ADMIN, powers, {"n1": NOW - 5, "n3": NOW - 99}, NOW)
    assert found is not None
    first, second, third = found.nodes
    assert (first.kind, first.jobs, first.total_w, first.modelled_w) == ("mixed", 1, 120.0, 20.0)
    assert (second.kind, second.reason, second.since_ms, second.sampled_ms) == ("drained", "why", T0 + 1, None)
    assert second.total_w is None, "no sample is no power, not none"
    assert (third.node, third.kind, third.sampled_ms) == ("n3", "unknown", NOW - 99)
    assert (found.total_w, len(found.known), found.newest_ms) == (120.0, 1, NOW - 5)


def test_a_node_tells_its_jobs_and_its_day(filled: Book, queries: Queries) -> None:
    add_nodes(filled)
    found = queries.node(ADMIN, "n1")
    assert found is not None
    assert [(job.row.user, job.cpus, job.gpus) for job in found.jobs] == [("carol", 2.0, "0,1")]
    assert found.day_j["jobs"] == pytest.approx(2 * 3600 + 7200)
    assert queries.node(ADMIN, "no such node") is None


@pytest.mark.parametrize("viewer", [Viewer("alice"), Viewer(""), Viewer("bob", accounts=frozenset({"phys"}))])
def test_only_who_sees_all_sees_nodes(filled: Book, queries: Queries, viewer: Viewer) -> None:
    add_nodes(filled)
    assert queries.cluster_now(viewer) is None
    assert queries.node(viewer, "n1") is None
    with filled.engine.connect() as connection:
        assert cluster_now(connection, viewer, {}, {}, NOW) is None


def test_an_empty_site_has_no_nodes_and_no_power(queries: Queries) -> None:
    found = queries.cluster_now(ADMIN)
    assert found is not None
    assert (found.nodes, found.total_w, found.newest_ms) == ((), None, None)
