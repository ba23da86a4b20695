"""Logins in the read models. Alice has the user number of Bob's job in the ledger, so that a mix-up would show."""

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer

ALICE, BOB, EVE, NOBODY = Viewer("alice"), Viewer("bob"), Viewer("eve"), Viewer("")
ALL = (T0, T0 + 10 * BUCKET)


@pytest.fixture
def logged_in(filled: Book) -> Book:
    """Alice's jobs have 14400 J, Bob's 7200 J; logins: Alice 900 J, Eve, who runs no jobs, 100 J."""
    filled.session(2, "alice", "login1", 0, 600.0)
    filled.session(2, "alice", "n1", 1, 300.0)
    filled.session(1, "eve", "login1", 1, 100.0)
    return filled


def test_users_have_their_logins_beside_their_jobs(logged_in: Book, queries: Queries) -> None:
    rows = {row.name: row for row in queries.energy_by(ADMIN, "user", *ALL)}
    assert list(rows) == ["alice", "bob", "eve"]
    assert (rows["alice"].energy_j, rows["alice"].sessions_j, rows["alice"].jobs) == (15_300.0, 900.0, 1)
    assert (rows["alice"].waste_j, rows["alice"].cpu_hours) == (2000.0, 4.0)
    assert rows["alice"].co2_g == pytest.approx(4 * 0.54 + 900 * 1.5e-4)
    assert (rows["bob"].energy_j, rows["bob"].sessions_j) == (7200.0, 0.0)
    assert (rows["eve"].energy_j, rows["eve"].sessions_j, rows["eve"].jobs) == (100.0, 100.0, 0)


@pytest.mark.parametrize("group", ["account", "partition"])
def test_elsewhere_logins_are_a_line_of_their_own(logged_in: Book, queries: Queries, group: str) -> None:
    rows = queries.energy_by(ADMIN, group, *ALL)  # type: ignore[arg-type]
    assert (rows[-1].name, rows[-1].energy_j, rows[-1].sessions_j) == ("(sessions)", 1000.0, 1000.0)
    assert sum(row.energy_j for row in rows) == 14_400 + 7200 + 1000
    own = queries.energy_by(ALICE, group, *ALL)  # type: ignore[arg-type]
    assert [(row.name, row.energy_j) for row in own][1:] == [("(sessions)", 900.0)]


def test_the_summary_adds_up(logged_in: Book, queries: Queries) -> None:
    summary = queries.energy_summary(ADMIN, *ALL)
    assert (summary.jobs_j, summary.sessions_j, summary.total_j) == (21_600, 1000, 23_700)
    assert queries.energy_series(ADMIN, T0, T0 + 2 * BUCKET).power_w["sessions"] == (600 / 900, 400 / 900)


def test_everybody_sees_their_own_logins_only(logged_in: Book, queries: Queries) -> None:
    found = {viewer.user: queries.energy_summary(viewer, *ALL) for viewer in (ALICE, BOB, EVE, NOBODY)}
    assert {user: (own.jobs_j, own.sessions_j) for user, own in found.items()} == {
        "alice": (14_400, 900),
        "bob": (7200, 0),
        "eve": (0, 100),
        "": (0, 0),
    }
    assert all(own.total_j == own.jobs_j + own.sessions_j for own in found.values())
    assert [row.name for row in queries.energy_by(EVE, "user", *ALL)] == ["eve"]
    assert queries.energy_series(EVE, T0, T0 + 2 * BUCKET).power_w == {"jobs": (0, 0), "sessions": (0, 100 / 900)}
    assert queries.energy_by(NOBODY, "user", *ALL) == ()


def test_jobs_are_not_mixed_up_with_users_of_the_same_number(logged_in: Book, queries: Queries) -> None:
    detail = queries.job(ADMIN, 102)
    assert detail is not None
    assert detail.row.energy_j == 7200.0
    assert [share.node for share in detail.nodes] == ["n1"]
