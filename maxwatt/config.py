"""TOML settings: frozen and validated. Every fault is told at once with its line; unknown keys are refused."""

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from maxwatt.domain.carbon import MAX_G_PER_KWH
from maxwatt.domain.errors import ConfigError, InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel

Check = Callable[[Any], str | None]

CARBON_PROVIDERS: Final = ("static", "energy_charts", "uk", "rte", "electricity_maps", "entsoe", "series")
"""Who can tell the grid's carbon intensity."""


def _setting(default: Any, help: str, check: Check | None = None) -> Any:
    """A dataclass field with the sentence that documents it and, where needed, a check returning what is wrong."""
    return field(default=default, metadata={"help": help, "check": check})


def _positive(value: float) -> str | None:
    return None if value > 0 else "must be above 0"


def _not_negative(value: float) -> str | None:
    return None if value >= 0 else "must not be negative"


def _zero_or_at_least(lowest: int) -> Check:
    return lambda value: None if value == 0 or value >= lowest else f"must be 0 or at least {lowest}"


def _one_of(*choices: str) -> Check:
    shown = ", ".join(choice or '""' for choice in choices)
    return lambda value: None if value in choices else f"must be one of {shown}"


def _port(value: int) -> str | None:
    return None if 0 <= value < 65536 else "must be a port, 0 to 65535"


def _not_empty(value: str) -> str | None:
    return None if value else "must not be empty"


def _rest_url(value: str) -> str | None:
    place = urlsplit(value)
    try:
        known = bool(place.hostname) and (place.port or 1) > 0 if place.scheme in {"http", "https"} else False
    except ValueError:  # of the port
        known = False
    unix = place.scheme == "unix" and not place.netloc and len(place.path) > 1
    return None if known or unix else "must be http://host:port, https://host:port or unix:///path"


def _zone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return "is no time zone of the tz database, such as Europe/Berlin"
    return None


def _day(value: str) -> str | None:
    try:
        date.fromisoformat(value or "2026-01-01")
    except ValueError:
        return "must be a day such as 2026-01-01"
    return None


def _intensity(value: float) -> str | None:
    return None if 0 <= value <= MAX_G_PER_KWH else f"must be 0 to {MAX_G_PER_KWH:g}"


def _emissions(value: str) -> str | None:
    if value == "marginal":
        return "must be an average: marginal factors only ever serve what would have been avoided, never bookings"
    return _one_of("", "lifecycle", "direct")(value)


def _hosts(value: str) -> str | None:
    try:
        expand(value)
    except InputError as error:
        return f"is no host list: {error.message}"
    return None


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The cluster whose jobs and nodes this is."""

    name: str = _setting("cluster", "name of the cluster, as in Slurm's ClusterName")
    timezone: str = _setting("UTC", "time zone of the site, for days and pages", _zone)
    simulated: bool = _setting(False, "label every page as simulated")
    outside_slurm: str = _setting(
        "",
        "login, display and file nodes, such as login[1-2]: nobody can reserve them, so nothing there is idle",
        _hosts,
    )

    @property
    def nodes_outside(self) -> frozenset[str]:
        """The nodes of `outside_slurm`."""
        return frozenset(expand(self.outside_slurm))


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """`maxwatt agent`: what runs on a node."""

    node: str = _setting("", "node name as Slurm knows it; empty: the short host name")
    interval_s: float = _setting(15.0, "seconds between two readings", _positive)
    root: str = _setting("/", "read /proc and /sys below this folder")
    collectors: tuple[str, ...] = _setting((), "collectors to run; empty: all that find their hardware")
    metrics_bind: str = _setting("", "host:port of /metrics, such as 127.0.0.1:9105; empty: none")
    push_url: str = _setting("", "server that takes line protocol, such as http://server:8080; empty: no push")
    push_token_file: str = _setting("", "file with the token for the push")
    state_dir: str = _setting("/var/lib/maxwatt-agent", "folder for the spool and the counters' state")
    spool_max_bytes: int = _setting(64 << 20, "how much of what could not be sent is kept on disk", _positive)
    zone_interval_s: float = _setting(60.0, "seconds between two readings of zone detail", _positive)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`maxwatt serve`."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8080, "port to listen on; 0: any free one", _port)
    data_dir: str = _setting("/var/lib/maxwatt", "folder of store, ledger and tokens")
    commit_interval_ms: int = _setting(250, "ingest requests are gathered into one commit this often", _positive)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where samples are kept."""

    kind: str = _setting("duckdb", "which store", _one_of("duckdb"))
    path: str = _setting("", "file of the embedded store; empty: samples.duckdb in the data folder")
    memory_limit: str = _setting("1GB", "memory DuckDB may use")


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where bookings are kept."""

    url: str = _setting("", "URL of a database, sqlite or postgresql; empty: ledger.sqlite in the data folder")


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """What is kept for how long. Days are whole UTC days; 0: for ever."""

    buckets_days: int = _setting(400, "bookings older than this are folded from 15 minutes to days", _not_negative)
    samples_days: int = _setting(0, "samples older than this are removed from the store", _zero_or_at_least(14))
    personal_days: int = _setting(0, "users, names and paths of jobs that began longer ago are removed", _not_negative)
    faults_days: int = _setting(90, "faults last seen longer ago are removed", _not_negative)


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """How Slurm's records are read."""

    live: str = _setting(
        "none", "source of live job and node records", _one_of("none", "scontrol", "slurmrestd", "pyslurm")
    )
    accounting: str = _setting("none", "source of finished job records", _one_of("none", "sacct", "slurmrestd"))
    live_interval_s: float = _setting(15.0, "seconds between two live polls; keep well below MinJobAge", _positive)
    accounting_interval_s: float = _setting(60.0, "seconds between two accounting polls", _positive)
    command_timeout_s: float = _setting(30.0, "time limit of one Slurm command or request", _positive)
    bin_dir: str = _setting("", "folder of scontrol and sacct; empty: from PATH")
    conf: str = _setting("", "slurm.conf for the commands; empty: Slurm's default")
    rest_url: str = _setting(
        "http://127.0.0.1:6820", "slurmrestd: http://host:port, https://host:port or unix:///path", _rest_url
    )
    rest_user: str = _setting("slurm", "user of Slurm in whose name slurmrestd is asked", _not_empty)
    rest_token_file: str = _setting("", "file with a web token that the site renews, as `scontrol token` prints it")
    rest_key_file: str = _setting("", "the cluster's jwt_hs256.key, to sign a web token for each request")


@dataclass(frozen=True, slots=True)
class AttributionSettings:
    """How windows are computed."""

    interval_s: float = _setting(30.0, "seconds between two rounds of the aggregator", _positive)
    settle_s: float = _setting(120.0, "a window closes this long after its end, when its sources are in", _not_negative)
    max_gap_s: float = _setting(900.0, "readings further apart are missing coverage, not one interval", _positive)
    power_gap_s: float = _setting(
        120.0, "between powers read further apart the node model bounds the energy, and it is interpolated", _positive
    )
    nodes_per_chunk: int = _setting(16, "nodes attributed together: memory against speed", _positive)
    workers: int = _setting(2, "threads that attribute at once; each takes the memory of one chunk", _positive)


@dataclass(frozen=True, slots=True)
class CarbonSettings:
    """Where carbon intensity and PUE come from."""

    zone: str = _setting("DE", "country of the shipped yearly table, which also serves where the provider has nothing")
    provider: str = _setting("static", "who tells the grid's intensity", _one_of(*CARBON_PROVIDERS))
    provider_zone: str = _setting("", "the zone as the provider calls it; empty: as `zone`")
    provider_url: str = _setting("", "other address of the provider; of `series` the file or the URL")
    provider_kind: str = _setting("", "lifecycle or direct, where the provider has both", _emissions)
    token_file: str = _setting("", "file with the provider's token, where it wants one")
    interval_s: float = _setting(900.0, "seconds between two requests for new values", _positive)
    intensity_g_per_kwh: float | None = _setting(None, "one figure instead of the table [g/kWh]", _intensity)
    market_g_per_kwh: float | None = _setting(None, "what the contract says, for market-based CO2 [g/kWh]", _intensity)
    market_from: str = _setting("", "day the contract begins, such as 2026-01-01; empty: always", _day)
    market_csv: str = _setting("", "file with the columns time, g_per_kwh instead: contracts that change")
    pue: float = _setting(1.0, "power usage effectiveness of the site", lambda v: None if v >= 1 else "is at least 1")
    pue_csv: str = _setting("", "file with the columns time, pue; `pue` holds before its first row")


@dataclass(frozen=True, slots=True)
class CostSettings:
    """What energy costs."""

    price_per_kwh: float = _setting(0.0, "price of one kWh; 0: no cost shown", _not_negative)
    prices_csv: str = _setting("", "file with the columns time, price_per_kwh; the constant holds before its first row")
    currency: str = _setting("EUR", "its currency")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in one configuration file."""

    cluster: ClusterSettings = ClusterSettings()
    agent: AgentSettings = AgentSettings()
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    ledger: LedgerSettings = LedgerSettings()
    retention: RetentionSettings = RetentionSettings()
    slurm: SlurmSettings = SlurmSettings()
    attribution: AttributionSettings = AttributionSettings()
    carbon: CarbonSettings = CarbonSettings()
    cost: CostSettings = CostSettings()
    node_models: tuple[NodeModel, ...] = ()

    @property
    def store_path(self) -> Path:
        """File of the embedded store."""
        return Path(self.store.path or Path(self.server.data_dir) / "samples.duckdb")

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger.url or f"sqlite:///{Path(self.server.data_dir) / 'ledger.sqlite'}"

    def model_of(self, node: str) -> NodeModel:
        """The node model that lists `node`, or the unknown model."""
        return next((model for model in self.node_models if node in model.nodes), UNKNOWN_MODEL)


SECTIONS: Final[dict[str, type]] = {
    f.name: typing.get_type_hints(Settings)[f.name] for f in dataclasses.fields(Settings) if f.name != "node_models"
}


def load(path: Path) -> Settings:
    """Settings from a TOML file.

    Raises:
        ConfigError: with every fault of the file, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    return parse(text, str(path))


def parse(text: str, name: str = "configuration") -> Settings:
    """Settings from TOML text; `name` stands in the error messages.

    Raises:
        ConfigError: with every fault of the text, each with its line.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}") from error
    faults = _Faults(name, text)
    values: dict[str, Any] = {}
    for section, content in document.items():
        if section == "node_models":
            values[section] = _node_models(content, faults)
        elif section not in SECTIONS:
            faults.add((section,), f"unknown section; known: {', '.join([*SECTIONS, 'node_models'])}")
        elif not isinstance(content, dict):
            faults.add((section,), "must be a section")
        else:
            values[section] = _build(SECTIONS[section], content, (section,), faults)
    faults.raise_if_any()
    return Settings(**values)


class _Faults:
    """Collects faults with the line they stand on."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._lines, self._found = name, text.splitlines(), list[str]()

    def add(self, path: tuple[str | int, ...], problem: str) -> None:
        """Note that the value at `path`, such as ("server", "port") or ("node_models", 1, "nodes"), is wrong."""
        shown = ".".join(str(step) for step in path)
        self._found.append(f"{self._name}, line {self._line(path)}: {shown} {problem}")

    def raise_if_any(self) -> None:
        """One error with every fault."""
        if self._found:
            raise ConfigError("\n".join(self._found))

    def _line(self, path: tuple[str | int, ...]) -> int:
        section, nth = str(path[0]), next((step for step in path if isinstance(step, int)), 0)
        headers = [n for n, line in enumerate(self._lines) if re.match(rf"\s*\[+\s*{re.escape(section)}\s*\]+", line)]
        start = headers[nth] if nth < len(headers) else 0
        key = path[-1]
        if len(path) > 1 and isinstance(key, str):
            for n in range(start + 1, len(self._lines)):
                if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", self._lines[n]):
                    return n + 1
                if self._lines[n].lstrip().startswith("["):
                    break
        return start + 1


def _build(kind: type, content: Mapping[str, Any], path: tuple[str | int, ...], faults: _Faults) -> Any:
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}
    values = {}
    for key, raw in content.items():
        here = (*path, key)
        if key not in known:
            faults.add(here, f"is unknown; known: {', '.join(known)}")
            continue
        value, problem = _convert(raw, hints[key])
        check = known[key].metadata.get("check")
        if problem is None and check is not None and value is not None:
            problem = check(value)
        if problem:
            faults.add(here, f"{problem}, not {raw!r}")
        else:
            values[key] = value
    return kind(**values)


def _convert(raw: Any, hint: Any) -> tuple[Any, str | None]:
    """The value as the hinted type, or what is wrong with it."""
    if isinstance(hint, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw), None
    if typing.get_origin(hint) is tuple:
        if isinstance(raw, list) and all(isinstance(item, str) for item in raw):
            return tuple(raw), None
        return None, "must be a list of strings"
    if isinstance(raw, hint) and not (hint is int and isinstance(raw, bool)) and not isinstance(raw, datetime):
        return raw, None
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", date: "a day: 2024-05-01"}
    return None, f"must be {names[hint]}"


def _node_models(content: Any, faults: _Faults) -> tuple[NodeModel, ...]:
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        faults.add(("node_models",), "must be a list: write [[node_models]]")
        return ()
    models, owner = [], dict[str, str]()
    for index, entry in enumerate(content):
        model = _node_model(dict(entry), ("node_models", index), faults)
        for node in model.nodes:
            if node in owner:
                faults.add(("node_models", index, "nodes"), f"name {node}, which {owner[node]} has already")
            owner[node] = model.name
        models.append(model)
    return tuple(models)


def _node_model(entry: dict[str, Any], path: tuple[str | int, ...], faults: _Faults) -> NodeModel:
    nodes = entry.pop("nodes", "")
    model: NodeModel = _build(NodeModel, {"name": "", **entry}, path, faults)
    for key, value in entry.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            faults.add((*path, key), f"must not be negative, not {value!r}")
    if not all(re.fullmatch(r"[1-9](?:,[1-9])*", text) for text in model.mig_slices):
        faults.add((*path, "mig_slices"), 'must hold a text such as "3,3" for each board')
    if (model.embodied_kg > 0) != (model.lifetime_years > 0):
        faults.add((*path, "embodied_kg"), "and lifetime_years need each other")
    try:
        names = expand(nodes) if isinstance(nodes, str) else tuple(nodes)
    except InputError as error:
        faults.add((*path, "nodes"), str(error))
        names = ()
    return dataclasses.replace(model, nodes=names)
