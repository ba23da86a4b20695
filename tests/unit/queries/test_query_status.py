from dataclasses import replace

from ledger_book import BUCKET, SETTINGS, T0, Book

from aggregator.ledger import tables
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer


def test_an_empty_ledger(queries: Queries) -> None:
    status = queries.status(ADMIN)
    assert (status.cluster, status.timezone, status.simulated, status.currency) == (
        "test",
        "Europe/Berlin",
        False,
        "EUR",
    )
    assert (status.booked_until_ms, status.closed_until_ms, status.newest_ms) == (None, None, None)


def test_booked_up_to_now_closed_up_to_the_first_open_window(filled: Book, queries: Queries) -> None:
    assert queries.status(ADMIN).closed_until_ms == queries.status(ADMIN).booked_until_ms == T0 + 2 * BUCKET
    filled.window(2, "dirty")
    filled.window(3)
    filled.window(4, "open", computed=4.5)
    status = queries.status(ADMIN)
    assert status.closed_until_ms == T0 + 2 * BUCKET
    assert status.booked_until_ms == T0 + 4 * BUCKET + BUCKET // 2


def test_simulated_by_the_ledger_or_by_the_settings(book: Book, queries: Queries) -> None:
    cluster = replace(SETTINGS.cluster, simulated=True)
    assert Queries(book.engine, None, replace(SETTINGS, cluster=cluster)).status(ADMIN).simulated
    book.add(tables.about, key="simulated", value="1")
    book.add(tables.about, key="cluster", value="elsewhere")
    assert queries.status(ADMIN).simulated
    assert queries.status(ADMIN).cluster == "elsewhere"


def test_sources_and_faults_speak_to_those_who_see_all(book: Book, queries: Queries) -> None:
    book.add(tables.sources, name="scontrol", success_ms=T0 + 9 * BUCKET, attempt_ms=T0, error="")
    book.add(tables.sources, name="sacct", success_ms=None, attempt_ms=T0, error="bob's job 102: down")
    book.add(tables.faults, seen_ms=T0, source="sacct", message="row 3: no user", count=2)
    sacct, scontrol = queries.status(ADMIN).sources
    assert (scontrol.age_s, scontrol.error, sacct.age_s, sacct.error) == (900.0, "", None, "bob's job 102: down")
    assert queries.status(ADMIN).faults == ("sacct: row 3: no user (2 times)",)
    seen = queries.status(Viewer("alice"))
    assert (seen.sources[0].error, seen.faults) == ("the last attempt failed", ())
