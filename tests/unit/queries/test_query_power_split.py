"""Mean power over time split by component and by whose jobs drew it; from sums and from bookings alike."""

import pytest
from ledger_book import BUCKET, SETTINGS, T0, Book

from aggregator.pipeline.sums import site_of
from aggregator.queries.cluster_models import OTHERS
from aggregator.queries.energy_series import energy_series
from aggregator.queries.pieces import pieces
from aggregator.queries.queries import Queries
from maxwatt.domain.errors import InputError
from maxwatt.domain.periods import Period
from maxwatt.domain.viewer import ADMIN, Viewer

HOUR = 4 * BUCKET
DAY = 24 * HOUR


def test_by_component(filled: Book, queries: Queries) -> None:
    found = queries.energy_series(ADMIN, T0, T0 + 2 * BUCKET, split="component").power_w
    assert found["cpu"] == (pytest.approx(6000 / 900), pytest.approx((6000 + 1800 + 1100) / 900))
    assert found["gpu"] == (0.0, pytest.approx(6.0))


def test_by_user_only_the_largest_have_a_name(filled: Book) -> None:
    with filled.engine.connect() as connection:
        site = site_of(SETTINGS)
        all_of = energy_series(connection, ADMIN, T0, T0 + 2 * BUCKET, 9, site=site, split="user").power_w
        cut = energy_series(connection, ADMIN, T0, T0 + 2 * BUCKET, 9, site=site, split="user", top=1).power_w
    assert all_of == {"alice": (8.0, 8.0), "bob": (0.0, 8.0)}
    assert cut == {"alice": (8.0, 8.0), OTHERS: (0.0, 8.0)}


@pytest.mark.parametrize("split", ["kind", "component", "user", "account", "partition"])
def test_hours_from_the_sums_say_what_bookings_say(filled: Book, queries: Queries, split: str) -> None:
    filled.session(1000, "carol", "n1", 1, 900.0)
    window = (T0 - 4 * DAY - 2 * HOUR, T0 + 4 * BUCKET)
    booked = queries.energy_series(ADMIN, *window, 30, split=split)  # type: ignore[arg-type]
    filled.sum_up()
    with filled.engine.connect() as connection:
        parts = pieces(connection, window, site_of(SETTINGS), (Period.HOUR,))
    assert any(piece.period is Period.HOUR for piece in parts)
    rolled = queries.energy_series(ADMIN, *window, 30, split=split)  # type: ignore[arg-type]
    assert booked.step_ms % HOUR == 0
    for name, values in booked.power_w.items():
        assert rolled.power_w[name] == pytest.approx(values), name
    assert any(value for values in booked.power_w.values() for value in values)


def test_others_jobs_are_not_in_ones_own_series(filled: Book, queries: Queries) -> None:
    found = queries.energy_series(Viewer("bob"), T0, T0 + 2 * BUCKET, split="user").power_w
    assert found == {"bob": (0.0, 8.0)}
    assert queries.energy_series(Viewer(""), T0, T0 + 2 * BUCKET, split="user").power_w == {}


def test_another_split_is_refused(queries: Queries) -> None:
    with pytest.raises(InputError, match="split by"):
        queries.energy_series(ADMIN, T0, T0 + BUCKET, split="name")  # type: ignore[arg-type]
