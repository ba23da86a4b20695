"""/metrics: the newest rows under the names that the schema gives them."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from maxwatt.domain.errors import ConfigError
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import MEASUREMENTS, Field, Kind, Measurement, prometheus_name

Rows = Callable[[], Mapping[str, Sequence[Sample]]]


class SchemaCollector(Collector):
    """Turns rows into metric families: one a field, tags as labels. A field missing in a row gives no sample."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def collect(self) -> Iterator[Metric]:
        """Families of every field that has a value now."""
        for name, rows in self._rows().items():
            measurement = MEASUREMENTS[name]
            for field in measurement.fields:
                found = [row for row in rows if field.name in row.fields]
                if found:
                    yield _family(measurement, field, found)


def _family(measurement: Measurement, field: Field, rows: Sequence[Sample]) -> Metric:
    labels = [tag.name for tag in measurement.tags]
    kind = CounterMetricFamily if field.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(prometheus_name(measurement, field), f"{field.help} [{field.unit}]", labels=labels)
    for row in rows:
        family.add_metric([str(row.tags.get(label, "")) for label in labels], float(row.fields[field.name]))
    return family


class MetricsServer:
    """Serves /metrics on its own thread until it is closed.

    Args:
        bind: `host:port`; `[::1]:9105` for IPv6.
        rows: gives the newest rows.

    Raises:
        ConfigError: the address cannot be understood or is taken.
    """

    def __init__(self, bind: str, rows: Rows) -> None:
        host, port = parse_bind(bind)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(SchemaCollector(rows))
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise ConfigError(f"metrics_bind {bind}: {error.strerror}") from error

    @property
    def port(self) -> int:
        """The port in use, also where any free one was asked for."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def parse_bind(bind: str) -> tuple[str, int]:
    """Host and port of `host:port`.

    Raises:
        ConfigError: it is none.
    """
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"metrics_bind {bind}: must look like 127.0.0.1:9105")
    return host.strip("[]"), int(port)
