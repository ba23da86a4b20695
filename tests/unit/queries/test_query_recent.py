"""What a job draws now, and what it drew since a moment."""

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.queries.queries import Queries
from aggregator.queries.recent import Piece, RecentJob, drawn_since, newest_power_w
from maxwatt.domain.viewer import ADMIN, Viewer


def piece(start_s: float, end_s: float, energy_j: float | None, co2_g: float | None = None) -> Piece:
    return Piece(round(start_s * 1000), round(end_s * 1000), energy_j, co2_g, None)


def test_the_bucket_of_the_moment_counts_in_part() -> None:
    """900 J over 900 s, then 600 J over 300 s: from second 600 on 900 x 300 / 900 + 600 = 900 J until second 1200."""
    found = drawn_since([piece(0, 900, 900.0, 3.0), piece(900, 1200, 600.0, 2.0)], 600_000)
    assert found is not None
    assert (found.energy_j, found.co2_g, found.cost, found.until_ms) == (900.0, 3.0, None, 1_200_000)


def test_two_nodes_add_up() -> None:
    found = drawn_since([piece(0, 900, 900.0), piece(0, 900, 1800.0)], 450_000)
    assert found is not None
    assert found.energy_j == pytest.approx(1350.0)


def test_nothing_is_said_of_a_time_that_is_not_booked() -> None:
    assert drawn_since([piece(0, 900, 900.0)], 900_000) is None
    assert drawn_since([], 0) is None


def test_one_unknown_piece_makes_the_sum_unknown() -> None:
    found = drawn_since([piece(0, 900, 900.0), piece(900, 1800, None)], 0)
    assert found is not None
    assert found.energy_j is None
    before = drawn_since([piece(0, 900, None), piece(900, 1800, 90.0)], 900_000)
    assert before is not None
    assert before.energy_j == 90.0, "what was unknown earlier does not matter"


def test_power_is_that_of_the_newest_bucket() -> None:
    """600 J in 300 s and 150 J in 300 s are 2.5 W."""
    pieces = [piece(0, 900, 9000.0), piece(900, 1200, 600.0), piece(900, 1200, 150.0)]
    assert newest_power_w(pieces) == pytest.approx(2.5)
    assert newest_power_w([*pieces, piece(900, 1200, None)]) is None
    assert newest_power_w([]) is None


def asked(**values: object) -> RecentJob:
    return RecentJob(**{"job_id": 101, "user": "alice", "not_before_ms": T0, **values})  # type: ignore[arg-type]


def test_a_job_of_the_ledger(queries: Queries, filled: Book) -> None:
    """Job 101 holds two nodes for two buckets, 3600 J each in each: 8 W; from the middle of the second 3600 J."""
    found = queries.recent_uses(Viewer("alice"), [asked(since_ms=T0 + BUCKET * 3 // 2)])
    use = found[101]
    assert use.row.name == "relax"
    assert use.power_w == pytest.approx(8.0)
    assert use.since is not None
    assert use.since.energy_j == pytest.approx(3600.0)
    assert use.since.co2_g == pytest.approx(0.54)
    assert use.since.until_ms == T0 + 2 * BUCKET
    assert queries.recent_uses(ADMIN, [asked()])[101].since is None


def test_a_piece_begins_with_the_job(queries: Queries, book: Book) -> None:
    """A job that starts 600 s into a bucket and holds 300 s of it: all 300 J are after its start."""
    book.job(7, "alice", 0, None, start_ms=T0 + 600_000, state="RUNNING")
    book.booking(7, "n1", 0, {"cpu_static_j": 300.0}, held_s=300.0)
    book.window(0)
    use = queries.recent_uses(Viewer("alice"), [asked(job_id=107, since_ms=T0 + 750_000)])[107]
    assert use.power_w == pytest.approx(1.0)
    assert use.since is not None
    assert use.since.energy_j == pytest.approx(150.0)


@pytest.mark.parametrize(
    ("viewer", "job"),
    [
        (Viewer("bob"), asked()),
        (Viewer(""), asked()),
        (Viewer("alice"), asked(job_id=102)),
        (ADMIN, asked(user="bob")),
        (ADMIN, asked(job_id=102)),
        (ADMIN, asked(not_before_ms=T0 + 1)),
        (ADMIN, asked(job_id=999)),
    ],
)
def test_no_job_but_the_one_that_is_meant(queries: Queries, filled: Book, viewer: Viewer, job: RecentJob) -> None:
    assert queries.recent_uses(viewer, [job]) == {}


def test_who_names_anothers_job_hides_it_from_nobody(queries: Queries, filled: Book) -> None:
    assert list(queries.recent_uses(ADMIN, [asked(), asked(user="zed")])) == [101]


def test_nothing_asked_nothing_read(queries: Queries, filled: Book) -> None:
    assert queries.recent_uses(ADMIN, []) == {}
