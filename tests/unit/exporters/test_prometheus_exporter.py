import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.node.latest import Latest
from exporters.node.prometheus import MetricsServer, parse_bind
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import Kind

NODE = Sample("node", {"node": "n1"}, {"cpu_busy_seconds_total": 12.5, "cpu_count": 4, "epoch_id": 2**53 - 1}, 1)
JOBS = [Sample("job", {"node": "n1", "job_id": n}, {"cpu_seconds_total": float(n)}, 1) for n in (7, 8)]
ZONE = Sample("zone", {"node": "n1", "zone": "package-0"}, {"energy_joules_total": 5.0}, 1)


class Hand:
    """A clock turned by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def latest() -> Latest:
    return Latest(15.0, 60.0)


@pytest.fixture
def server(latest: Latest) -> Iterator[MetricsServer]:
    made = MetricsServer("127.0.0.1:0", latest.rows)
    yield made
    made.close()


def scrape(server: MetricsServer) -> dict[tuple[str, ...], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sorted(f"{name}={value}" for name, value in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_rows_stand_under_the_names_of_the_schema(latest: Latest, server: MetricsServer) -> None:
    latest.update([NODE, *JOBS, ZONE])
    assert scrape(server) == {
        ("maxwatt_node_cpu_busy_seconds_total", "node=n1"): 12.5,
        ("maxwatt_node_cpu_count", "node=n1"): 4,
        ("maxwatt_node_epoch_id", "node=n1"): 2**53 - 1,
        ("maxwatt_job_cpu_seconds_total", "job_id=7", "node=n1"): 7.0,
        ("maxwatt_job_cpu_seconds_total", "job_id=8", "node=n1"): 8.0,
        ("maxwatt_zone_energy_joules_total", "node=n1", "zone=package-0"): 5.0,
    }


def test_before_the_first_reading_there_is_nothing(server: MetricsServer) -> None:
    assert scrape(server) == {}


def test_kinds_are_those_of_the_schema(latest: Latest, server: MetricsServer) -> None:
    latest.update([NODE])
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert f"# TYPE maxwatt_node_cpu_busy_seconds_total {Kind.COUNTER}\n" in text
    assert f"# TYPE maxwatt_node_cpu_count {Kind.GAUGE}\n" in text


def test_a_job_that_ended_is_gone_and_zones_stay_for_their_interval() -> None:
    clock = Hand()
    latest = Latest(15.0, 60.0, clock)
    latest.update([NODE, *JOBS, ZONE])
    clock.now_s = 15.0
    latest.update([NODE, JOBS[1]])
    assert latest.rows() == {"node": [NODE], "job": [JOBS[1]], "zone": [ZONE]}
    clock.now_s = 151.0
    latest.update([NODE])
    assert latest.rows() == {"node": [NODE]}


def test_old_rows_are_missing_and_not_repeated() -> None:
    clock = Hand()
    latest = Latest(15.0, 60.0, clock)
    latest.update([NODE])
    clock.now_s = 38.0
    assert latest.rows() == {}


def test_a_port_that_is_taken_is_a_setting_to_mend(server: MetricsServer, latest: Latest) -> None:
    with pytest.raises(ConfigError, match="metrics_bind"):
        MetricsServer(f"127.0.0.1:{server.port}", latest.rows)


@pytest.mark.parametrize("bind", ["", "9105", ":9105", "host:", "host:x", "host:99999", "host:-1"])
def test_an_address_that_is_none(bind: str) -> None:
    with pytest.raises(ConfigError):
        parse_bind(bind)


def test_addresses() -> None:
    assert parse_bind("127.0.0.1:9105") == ("127.0.0.1", 9105)
    assert parse_bind("[::1]:9105") == ("::1", 9105)
