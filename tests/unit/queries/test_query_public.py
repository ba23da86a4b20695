"""What everybody may see: sums, no names, nothing of few."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

import pytest
from ledger_book import BUCKET, SETTINGS, T0, Book

from aggregator.pipeline.sums import site_of
from aggregator.queries.cluster_models import ClusterNow, NodeNow
from aggregator.queries.public import LEAST, PublicCluster, public_cluster
from aggregator.queries.queries import Queries
from maxwatt.domain.energy import Account
from maxwatt.domain.viewer import ADMIN, Viewer

NOW = T0 + 2 * BUCKET


def node(number: int) -> NodeNow:
    return NodeNow(f"secret{number}", "", "IDLE", "idle", "", None, NOW, {"cpu": 50.0}, 0.0, None, None, None, 0)


def now_of(count: int) -> ClusterNow:
    return ClusterNow(tuple(node(number) for number in range(count)), NOW, 180.0, NOW)


def used_by(book: Book, users: int) -> None:
    book.factor(1, 360.0, "2024")
    for number in range(1, users + 1):
        book.job(number, f"person{number}", 0, 1, name="private", account="hidden")
        book.booking(number, "secret0", 0, {"cpu_dynamic_j": 900.0}, co2_g=1.0)
    book.booking(0, "secret0", 0, {"cpu_static_j": 900.0}, account=int(Account.IDLE), co2_g=1.0)
    book.window(0)
    book.measured("secret0", 0, 900.0)


def asked(book: Book, nodes: int) -> PublicCluster:
    with book.engine.connect() as connection:
        return public_cluster(connection, now_of(nodes), SETTINGS, site_of(SETTINGS), NOW)


def texts(part: object) -> Iterator[str]:
    """Every text anywhere in a read model."""
    if isinstance(part, str):
        yield part
    elif is_dataclass(part):
        for field in fields(part):
            yield from texts(getattr(part, field.name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(part, tuple | list):
        for one in part:
            yield from texts(one)


def test_sums_without_a_name(book: Book) -> None:
    used_by(book, LEAST)
    found = asked(book, LEAST)
    assert found.told
    assert found.power_w == {"cpu": 250.0}
    assert found.week is not None
    assert (found.week.energy_j, found.week.co2_g) == (5400.0, 6.0)
    assert found.week.idle_share == pytest.approx(1 / 6)
    assert found.pue == 1.5
    assert not [text for text in texts(found) if any(word in text for word in ("secret", "person", "hid", "private"))]


@pytest.mark.parametrize(("users", "nodes"), [(LEAST - 1, 20), (20, LEAST - 1), (0, 0)])
def test_few_are_not_told(book: Book, users: int, nodes: int) -> None:
    used_by(book, users)
    found = asked(book, nodes)
    assert not found.told
    assert (found.power_w, found.week, found.month, found.series.power_w) == ({}, None, None, {})


def test_without_samples_the_booked_time_is_told_and_now_is_not(book: Book) -> None:
    used_by(book, LEAST)
    found = asked(book, 0)
    assert found.told
    assert found.power_w == {}
    assert found.month is not None


def test_everybody_gets_the_same(queries: Queries) -> None:
    assert queries.public(Viewer("")) == queries.public(ADMIN) == queries.public(Viewer("alice"))


def test_a_component_of_few_nodes_is_part_of_the_rest(book: Book) -> None:
    used_by(book, LEAST)
    book.booking(0, "secret1", 0, {"gpu_dynamic_j": 1800.0, "rest_static_j": 90.0}, account=int(Account.SYSTEM))
    nodes = [node(number) for number in range(LEAST)]
    nodes[0] = replace(nodes[0], power_w={"cpu": 50.0, "gpu": 300.0})
    with book.engine.connect() as connection:
        now = ClusterNow(tuple(nodes), NOW, 180.0, NOW)
        found = public_cluster(connection, now, SETTINGS, site_of(SETTINGS), NOW)
    assert found.power_w == {"cpu": 250.0, "rest": 300.0}
    assert "gpu" not in found.series.power_w
    known = [value for value in found.series.power_w["rest"] if value is not None]
    assert known == [pytest.approx(1890 / 900)]
