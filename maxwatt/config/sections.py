"""The sections of the configuration file: frozen, each setting with its default, its sentence and its check."""

import dataclasses
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from maxwatt.config import checks
from maxwatt.domain.hostlist import expand
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel

CARBON_PROVIDERS: Final = ("static", "energy_charts", "uk", "rte", "electricity_maps", "entsoe", "series")
"""Who can tell the grid's carbon intensity."""


def _setting(default: Any, help: str, check: checks.Check | None = None) -> Any:
    """A dataclass field with the sentence that documents it and, where needed, a check returning what is wrong."""
    return field(default=default, metadata={"help": help, "check": check})


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The cluster whose jobs and nodes this is."""

    name: str = _setting("cluster", "name of the cluster, as in Slurm's ClusterName")
    timezone: str = _setting("UTC", "time zone of the site, for days and pages", checks.zone)
    simulated: bool = _setting(False, "label every page as simulated")
    outside_slurm: str = _setting(
        "",
        "login, display and file nodes, such as login[1-2]: nobody can reserve them, so nothing there is idle",
        checks.hosts,
    )

    @property
    def nodes_outside(self) -> frozenset[str]:
        """The nodes of `outside_slurm`."""
        return frozenset(expand(self.outside_slurm))


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """`maxwatt agent`: what runs on a node."""

    node: str = _setting("", "node name as Slurm knows it; empty: the short host name")
    interval_s: float = _setting(15.0, "seconds between two readings", checks.positive)
    root: str = _setting("/", "read /proc and /sys below this folder")
    collectors: tuple[str, ...] = _setting((), "collectors to run; empty: all that find their hardware")
    metrics_bind: str = _setting("", "host:port of /metrics, such as 127.0.0.1:9105; empty: none")
    push_url: str = _setting("", "server that takes line protocol, such as http://server:8080; empty: no push")
    push_token_file: str = _setting("", "file with the token for the push")
    state_dir: str = _setting("/var/lib/maxwatt-agent", "folder for the spool and the counters' state")
    spool_max_bytes: int = _setting(64 << 20, "how much of what could not be sent is kept on disk", checks.positive)
    zone_interval_s: float = _setting(60.0, "seconds between two readings of zone detail", checks.positive)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`maxwatt serve`."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8080, "port to listen on; 0: any free one", checks.port)
    data_dir: str = _setting("/var/lib/maxwatt", "folder of store, ledger and tokens")
    base_path: str = _setting(
        "", "path below which a proxy offers the pages, such as /services/maxwatt; empty: its root", checks.base_path
    )
    public_page: bool = _setting(False, "show power and energy without names at /public to everybody, signed in or not")
    commit_interval_ms: int = _setting(250, "ingest requests are gathered into one commit this often", checks.positive)


@dataclass(frozen=True, slots=True)
class SigninSettings:
    """How people sign in. Until this is set: with the token that `serve` prints, and on loopback only."""

    method: str = _setting("token", "how people sign in", checks.one_of("token", "hub", "proxy", "local"))
    admins: tuple[str, ...] = _setting((), "users who see everybody's jobs")
    admin_groups: tuple[str, ...] = _setting((), "groups, of the hub or of the proxy, whose members do")
    admin_scope: str = _setting(
        "", "scope of the hub, such as custom:maxwatt:read-all, whose owners do; the hub's administrators always do"
    )
    session_hours: float = _setting(168.0, "hours after which one has to sign in again", checks.positive)
    hub_api_url: str = _setting("", "the hub's API, such as http://127.0.0.1:8081/hub/api; empty: as the hub tells")
    hub_public_url: str = _setting("", "the hub as browsers reach it, such as https://hub.example/hub; empty: likewise")
    hub_callback_url: str = _setting("", "our oauth_callback, as the hub was told it; empty: likewise")
    hub_client_id: str = _setting("", "our name as a client, such as service-maxwatt; empty: likewise")
    hub_token_file: str = _setting("", "file with our API token of the hub; empty: likewise")
    proxy_user_header: str = _setting("X-Remote-User", "header in which the proxy names the user", checks.one_word)
    proxy_groups_header: str = _setting("", "header in which it names their groups; empty: none")
    proxy_from: tuple[str, ...] = _setting(("127.0.0.1", "::1"), "addresses or networks that the proxy has")
    proxy_secret_header: str = _setting("X-Maxwatt-Proxy", "header with the proxy's secret", checks.one_word)
    proxy_secret_file: str = _setting("", "file with that secret, which nobody else may read")
    users_file: str = _setting("", "user accounts, made with `maxwatt user`; empty: users in the data folder")
    slurm_jwt_key_file: str = _setting("", "the cluster's jwt_hs256.key: scripts may then show Slurm's web tokens")
    coordinators: tuple[str, ...] = _setting(
        (), "who coordinates an account beside those that Slurm names, such as ada:physics", checks.user_accounts
    )
    hub_check_s: float = _setting(60.0, "seconds for which the hub's word on a person holds", checks.not_negative)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where samples are kept."""

    kind: str = _setting("duckdb", "which store", checks.one_of("duckdb"))
    path: str = _setting("", "file of the embedded store; empty: samples.duckdb in the data folder")
    memory_limit: str = _setting("1GB", "memory DuckDB may use")


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where bookings are kept."""

    url: str = _setting("", "URL of a database, sqlite or postgresql; empty: ledger.sqlite in the data folder")


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """What is kept for how long. Days are whole UTC days; 0: for ever."""

    buckets_days: int = _setting(
        400, "bookings older than this are folded from 15 minutes to days", checks.not_negative
    )
    samples_days: int = _setting(0, "samples older than this are removed from the store", checks.zero_or_at_least(14))
    personal_days: int = _setting(
        0, "users, names and paths of jobs that began longer ago are removed", checks.not_negative
    )
    faults_days: int = _setting(90, "faults last seen longer ago are removed", checks.not_negative)


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """How Slurm's records are read."""

    live: str = _setting(
        "none", "source of live job and node records", checks.one_of("none", "scontrol", "slurmrestd", "pyslurm")
    )
    accounting: str = _setting("none", "source of finished job records", checks.one_of("none", "sacct", "slurmrestd"))
    live_interval_s: float = _setting(
        15.0, "seconds between two live polls; keep well below MinJobAge", checks.positive
    )
    accounting_interval_s: float = _setting(60.0, "seconds between two accounting polls", checks.positive)
    command_timeout_s: float = _setting(30.0, "time limit of one Slurm command or request", checks.positive)
    bin_dir: str = _setting("", "folder of scontrol and sacct; empty: from PATH")
    conf: str = _setting("", "slurm.conf for the commands; empty: Slurm's default")
    rest_url: str = _setting(
        "http://127.0.0.1:6820", "slurmrestd: http://host:port, https://host:port or unix:///path", checks.rest_url
    )
    rest_user: str = _setting("slurm", "user of Slurm in whose name slurmrestd is asked", checks.one_word)
    rest_token_file: str = _setting("", "file with a web token that the site renews, as `scontrol token` prints it")
    rest_key_file: str = _setting("", "the cluster's jwt_hs256.key, to sign a web token for each request")


@dataclass(frozen=True, slots=True)
class AttributionSettings:
    """How windows are computed."""

    interval_s: float = _setting(30.0, "seconds between two rounds of the aggregator", checks.positive)
    settle_s: float = _setting(
        120.0, "a window closes this long after its end, when its sources are in", checks.not_negative
    )
    max_gap_s: float = _setting(900.0, "readings further apart are missing coverage, not one interval", checks.positive)
    power_gap_s: float = _setting(
        120.0,
        "between powers read further apart the node model bounds the energy, and it is interpolated",
        checks.positive,
    )
    nodes_per_chunk: int = _setting(8, "nodes attributed together: memory against speed", checks.positive)
    workers: int = _setting(2, "threads that attribute at once; each takes the memory of one chunk", checks.positive)


@dataclass(frozen=True, slots=True)
class CarbonSettings:
    """Where carbon intensity and PUE come from."""

    zone: str = _setting("DE", "country of the shipped yearly table, which also serves where the provider has nothing")
    provider: str = _setting("static", "who tells the grid's intensity", checks.one_of(*CARBON_PROVIDERS))
    provider_zone: str = _setting("", "the zone as the provider calls it; empty: as `zone`")
    provider_url: str = _setting("", "other address of the provider; of `series` the file or the URL")
    provider_kind: str = _setting("", "lifecycle or direct, where the provider has both", checks.emissions)
    token_file: str = _setting("", "file with the provider's token, where it wants one")
    interval_s: float = _setting(900.0, "seconds between two requests for new values", checks.positive)
    intensity_g_per_kwh: float | None = _setting(None, "one figure instead of the table [g/kWh]", checks.intensity)
    market_g_per_kwh: float | None = _setting(
        None, "what the contract says, for market-based CO2 [g/kWh]", checks.intensity
    )
    market_from: str = _setting("", "day the contract begins, such as 2026-01-01; empty: always", checks.day)
    market_csv: str = _setting("", "file with the columns time, g_per_kwh instead: contracts that change")
    pue: float = _setting(1.0, "power usage effectiveness of the site", lambda v: None if v >= 1 else "is at least 1")
    pue_csv: str = _setting("", "file with the columns time, pue; `pue` holds before its first row")


@dataclass(frozen=True, slots=True)
class CostSettings:
    """What energy costs."""

    price_per_kwh: float = _setting(0.0, "price of one kWh; 0: no cost shown", checks.not_negative)
    prices_csv: str = _setting("", "file with the columns time, price_per_kwh; the constant holds before its first row")
    currency: str = _setting("EUR", "its currency")


@dataclass(frozen=True, slots=True)
class SessionsSettings:
    """Sessions: what people start through the JupyterHub."""

    idle_after_s: float = _setting(900.0, "a session without activity for longer than this is idle", checks.positive)


@dataclass(frozen=True, slots=True)
class Application:
    """Something people can start through the JupyterHub, as a batch job. With one the pages offer *Sessions*."""

    name: str = _setting("", "its name in addresses and, on the hub, that of the server", checks.name_of_server)
    title: str = _setting("", "what people read; empty: the name")
    description: str = _setting("", "one sentence on what it is for")
    partition: str = _setting("", "Slurm partition; empty: as the hub has it", checks.slurm_word)
    cpus: int = _setting(1, "CPUs", checks.positive)
    memory_mib: int = _setting(2048, "memory [MiB]", checks.positive)
    time_min: int = _setting(60, "time limit [minutes]", checks.positive)
    gpus: str = _setting("", "GPUs as Slurm counts them, such as 1 or a100:2; empty: none", checks.slurm_word)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in one configuration file."""

    cluster: ClusterSettings = ClusterSettings()
    agent: AgentSettings = AgentSettings()
    server: ServerSettings = ServerSettings()
    signin: SigninSettings = SigninSettings()
    store: StoreSettings = StoreSettings()
    ledger: LedgerSettings = LedgerSettings()
    retention: RetentionSettings = RetentionSettings()
    slurm: SlurmSettings = SlurmSettings()
    attribution: AttributionSettings = AttributionSettings()
    carbon: CarbonSettings = CarbonSettings()
    cost: CostSettings = CostSettings()
    sessions: SessionsSettings = SessionsSettings()
    applications: tuple[Application, ...] = ()
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


LISTS: Final = ("applications", "node_models")
"""Sections that may stand several times."""

SECTIONS: Final[dict[str, type]] = {
    f.name: typing.get_type_hints(Settings)[f.name] for f in dataclasses.fields(Settings) if f.name not in LISTS
}
