"""Jobs, samples and carbon values that cannot be, from the store and Slurm to `doctor`: told with their size."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from provider_server import ProviderServer, Reply, provider_server
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, jobs, windows
from aggregator.pipeline.loop import Aggregator
from aggregator.pipeline.unclaimed import tell_unclaimed
from aggregator.queries.queries import Queries
from aggregator.sources.jobs.sacct import parse_sacct
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main
from maxwatt.config import CarbonSettings, ClusterSettings, Settings, SlurmSettings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.errors import StoppedError
from maxwatt.domain.jobs import JobRecord, NodeRecord
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

HOUR = 3_600_000
T0 = now_ms() // DAY_MS * DAY_MS - 2 * DAY_MS  # doctor looks back from the clock
NOW = T0 + DAY_MS + 3 * HOUR
DAY = datetime.fromtimestamp(T0 / 1000, UTC).date().isoformat()
NODES = ("wn1", "wn2", "wn3")
CPUS = 16


def at(hours: float) -> str:
    return f"{datetime.fromtimestamp(T0 / 1000 + hours * 3600, UTC):%Y-%m-%dT%H:%M:%S}"


def sacct(*rows: tuple[int, float, float, int, str]) -> str:
    """Job id, start and end [h], CPUs, node."""
    lines = ["JobIDRaw|User|Start|End|AllocCPUS|NNodes|NodeList|TotalCPU|State"]
    lines += [f"{n}|ann|{at(start)}|{at(end)}|{cpus}|1|{node}|00:10:00|COMPLETED" for n, start, end, cpus, node in rows]
    return "\n".join(lines) + "\n"


GOOD = (1, 1, 5, 4, "wn1")
TOO_MANY = (2, 2, 4, 96, "wn1")
BACKWARD = (3, 6, 5, 4, "wn1")
NOWHERE = (4, 1, 2, 4, "ghost9")
UNSAMPLED = (6, 7, 8, 4, "wn2")


@dataclass
class Accounting:
    """Slurm's accounting; what it says changes when a test changes `text`."""

    text: str
    name: str = "sacct"

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        return parse_sacct(self.text.splitlines(), "cluster", "UTC")


def node_rows(node: str) -> dict[str, pa.Table]:
    """100 W and a steady 2 CPUs, a reading a minute over 27 hours; the meter of wn3 shows 90 W only.

    On wn1 job 1 uses 1 CPU while it runs; job 5, of which Slurm knows nothing, 0.5 CPUs from 9 to 10 o'clock.
    """
    ts = np.arange(T0, NOW, 60_000, dtype=np.int64)
    since_s = (ts - T0) / 1000
    common = {"ts_ms": ts, "node": [node] * len(ts), "monotonic_s": since_s + 9, "epoch_id": np.full(len(ts), 7)}
    rows = {
        **common,
        "cpu_busy_seconds_total": 2.0 * since_s,
        "cpu_energy_joules_total": 100.0 * since_s,
        **({"meter_energy_joules_total": 90.0 * since_s} if node == "wn3" else {}),
    }
    tables = {"node": pa.table(rows)}
    if node == "wn1":
        tables["job"] = pa.concat_tables([job_rows(common, 1, 1, 5, 1.0), job_rows(common, 5, 9, 10, 0.5)])
    return tables


def job_rows(common: dict[str, object], job_id: int, start_h: float, end_h: float, cpus: float) -> pa.Table:
    ts = np.asarray(common["ts_ms"])
    inside = (ts >= T0 + start_h * HOUR) & (ts <= T0 + end_h * HOUR)
    rows = {name: np.asarray(values)[inside] for name, values in common.items()}
    used_s = cpus * (ts[inside] - T0 - start_h * HOUR) / 1000
    return pa.table({**rows, "job_id": np.full(inside.sum(), job_id), "cpu_seconds_total": used_s})


def carbon_answer() -> str:
    """Of yesterday: one good hour, one of another zone, no number twice, and one measured tomorrow."""

    def row(hours: float, value: object, zone: str = "DE") -> dict[str, object]:
        return {"zone": zone, "datetime": at(hours) + "+00:00", "carbonIntensity": value}

    history = [row(20, 300), row(21, 50, "FR"), row(22, float("nan")), row(23, "N/A"), row(40, 200)]
    return json.dumps({"zone": "DE", "history": history})


@dataclass
class Site:
    """A store, a ledger, a Slurm and a carbon provider that are all in the wrong."""

    ledger: Ledger
    accounting: Accounting
    server: ProviderServer
    aggregator: Aggregator
    settings: Settings

    def told(self) -> list[str]:
        """What the health of the data says: findings and faults."""
        health = Queries(self.ledger.engine, None, self.settings, now_ms=lambda: NOW).health(ADMIN)
        assert health is not None
        return [each.sentence for each in health.findings] + [
            f"{each.source}: {each.message}" for each in health.faults
        ]

    def energy_j(self, account: Account, job_id: int | None = None) -> float:
        chosen = select(*(bookings.c[name] for name in ENERGY_COLUMNS)).where(bookings.c.account == int(account))
        if job_id is not None:
            chosen = chosen.join(jobs, jobs.c.job_ref == bookings.c.job_ref).where(jobs.c.job_id == job_id)
        with self.ledger.engine.begin() as connection:
            return sum(sum(row) for row in connection.execute(chosen))

    def worst_gap(self) -> float:
        with self.ledger.engine.begin() as connection:
            return max(connection.execute(select(windows.c.closure_error)).scalars())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(0o600)
    with provider_server() as server:
        server.replies[:] = [Reply(carbon_answer())]
        settings = Settings(
            cluster=ClusterSettings("cluster", timezone="UTC"),
            slurm=SlurmSettings(live="none", accounting="sacct"),
            carbon=CarbonSettings(
                provider="electricity_maps", provider_url=server.url, token_file=str(tmp_path / "token")
            ),
            node_models=(NodeModel("m", NODES, cpu_idle_w=60, cpu_max_w=220),),
        )
        store, ledger = DuckDBStore(tmp_path / "samples.duckdb"), Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite")
        for node in NODES:
            store.write(node_rows(node))
        ledger.upsert_nodes([NodeRecord(node, "IDLE", CPUS, 64 << 30) for node in (*NODES, "wn4")], NOW)
        accounting = Accounting(sacct(GOOD, TOO_MANY, BACKWARD, NOWHERE, UNSAMPLED))
        yield Site(ledger, accounting, server, Aggregator(store, ledger, settings, None, accounting), settings)
        ledger.close()
        store.close()


def only(told: list[str], *words: str) -> str:
    (found,) = [sentence for sentence in told if all(word in sentence for word in words)]
    return found


def test_jobs_that_cannot_be_are_told_and_the_rest_goes_on(site: Site) -> None:
    """Of 96 + 4 CPUs on 16 each gets its share; 600 CPU s were accounted for job 6, which nothing sampled."""
    done = site.aggregator.run_once(NOW)
    told = site.told()
    only(told, "node wn1: jobs hold 100 CPUs at once, it has 16")
    only(told, "sacct: row 4", "ends before it starts")
    only(told, "node ghost9", "neither Slurm nor any sample knows it")
    assert site.energy_j(Account.JOB, 1) > 0 and site.energy_j(Account.JOB, 2) > 0 and site.energy_j(Account.JOB, 6) > 0
    assert site.energy_j(Account.JOB, 4) == 0.0
    assert done.report.closure_error <= 1e-9
    assert site.worst_gap() <= 1e-9


def test_samples_without_a_job_are_told_with_their_cpu_seconds_and_booked_on_system(site: Site) -> None:
    """0.5 CPUs over an hour are 1800 s; told once, when the day is complete, and not again."""
    site.aggregator.run_once(NOW)
    site.aggregator.run_once(NOW + BUCKET_MS)
    fault = only(site.told(), "jobs of which Slurm tells nothing")
    assert fault.startswith(
        f"jobs: node wn1, {DAY}: jobs of which Slurm tells nothing for that time used at least 1800 "
    )
    assert fault.endswith("booked on system: 5")
    health = Queries(site.ledger.engine, None, site.settings, now_ms=lambda: NOW).health(ADMIN)
    assert health is not None
    assert [each.count for each in health.faults if "tells nothing" in each.message] == [1]
    assert site.energy_j(Account.SYSTEM) > 0


def test_nodes_without_samples_are_told(site: Site) -> None:
    site.aggregator.run_once(NOW)
    only(site.told(), "Nodes of Slurm that sent nothing for a day: 1.", "missing, not zero")


def test_negative_rest_is_told_with_its_joules(site: Site) -> None:
    """10 W over 86,400 s, booked as it is."""
    site.aggregator.run_once(NOW)
    only(site.told(), f"node wn3, {DAY}: its parts drew 864000 J more than its whole-node meter shows")
    assert site.energy_j(Account.UNATTRIBUTED) < -864_000
    assert site.worst_gap() <= 1e-9


def test_a_job_that_changes_after_its_windows_closed_is_booked_again_and_told(site: Site) -> None:
    """Its end moves from 5 to 6 o'clock: four windows of it and, as its counter is read anew, the few before them."""
    site.aggregator.run_once(NOW)
    before = site.energy_j(Account.JOB, 1)
    assert not [sentence for sentence in site.told() if "have a new revision" in sentence]
    site.accounting.text = sacct((1, 1, 6, 4, "wn1"), TOO_MANY, NOWHERE, UNSAMPLED)
    site.aggregator.run_once(NOW + BUCKET_MS)
    assert site.energy_j(Account.JOB, 1) > before
    changed, _, total = only(site.told(), "changed after they were final").split()[:3]
    assert 4 <= int(changed) <= 12 < int(total)
    assert site.worst_gap() <= 1e-9


def test_a_carbon_provider_that_answers_nonsense_is_told_and_nothing_of_it_is_used(site: Site) -> None:
    site.aggregator.run_once(NOW)
    told = site.told()
    only(told, "electricity_maps: 1 of 5 values are of zone 'FR', not 'DE'")
    only(told, "electricity_maps: 2 of 4 values are no number, such as 'nan'")
    only(told, "electricity_maps: 1 of 4 values are said to be measured in the future")
    site.server.replies[:] = [Reply("<html>maintenance</html>")]
    site.aggregator.run_once(NOW + 2 * HOUR)
    only(site.told(), "electricity_maps does not answer", "no JSON but '<html>maintenance</html>'")
    assert "s3cret" not in str(site.told())


def test_doctor_shows_all_of_it_and_others_see_nothing(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.aggregator.run_once(NOW)
    main(["doctor", "--data-dir", str(tmp_path), "--json"])
    faults = " ".join(each["message"] for each in json.loads(capsys.readouterr().out)["faults"])
    for sentence in ("hold 100 CPUs", "ends before it starts", "ghost9", "1800 CPU s", "864000 J", "zone 'FR'"):
        assert sentence in faults
    assert Queries(site.ledger.engine, None, site.settings).health(Viewer("ann")) is None


def test_a_server_that_stops_is_not_kept_by_the_telling(site: Site) -> None:
    def stop() -> None:
        raise StoppedError("stopped")

    site.aggregator.run_once(NOW)
    with pytest.raises(StoppedError):
        tell_unclaimed(site.aggregator._store, site.ledger, site.settings, [T0], NOW, stop)
