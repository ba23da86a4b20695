"""A demo from its first minute on: simulate the past, book it, then serve with live feeds."""

import dataclasses
import json
import socket
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from aggregator.ingest.committer import Committer
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.sums import refresh_sums
from aggregator.store.registry import open_store
from maxwatt.cli._ending import stop_on_signals
from maxwatt.cli._server import LOCK_FILE, locked, running_server
from maxwatt.cli._settings_file import to_toml
from maxwatt.cli.simulation import logins, this_machine
from maxwatt.cli.simulation.accounts import ADMIN, make_accounts
from maxwatt.cli.simulation.cluster import CLUSTER_NAME, KINDS, USERS
from maxwatt.cli.simulation.feed import LiveFeed, Sampled, load
from maxwatt.cli.simulation.logins import login_nodes
from maxwatt.cli.simulation.mix import plans
from maxwatt.cli.simulation.plot import Plot, cleared, remember
from maxwatt.cli.simulation.power import total_cpu_s
from maxwatt.cli.simulation.samples import simulated_nodes
from maxwatt.cli.simulation.schedule import Placed, place
from maxwatt.cli.simulation.slurm import SimulatedSlurm
from maxwatt.config import (
    AttributionSettings,
    ClusterSettings,
    CostSettings,
    ServerSettings,
    Settings,
    SigninSettings,
)
from maxwatt.domain.clock import now_ms
from maxwatt.domain.hostlist import compress
from maxwatt.domain.jobs import SlurmSnapshot
from maxwatt.domain.units import DAY_MS

UP_BEFORE_MS = 9 * DAY_MS
"""The simulated nodes were booted this long before the first sample."""

STATES_MS = DAY_MS
"""How far back the states of nodes are known: nobody polled Slurm before."""
POLL_MS = 540_000
"""Time between two polls of the past."""


def serve_demo(folder: Path, plot: Plot | None, fresh: Plot, asked: Namespace) -> int:
    """Serve the demo in `folder` as asked; simulate `fresh` first where there is none yet."""
    settings = demo_settings(folder, _free_port(asked.port), accounts=asked.accounts)
    if plot is None:
        _clear(folder)
    jobs = _jobs(plot or fresh)
    boot_ms = (plot or fresh).start_ms - UP_BEFORE_MS
    nodes: tuple[Sampled, ...] = (*simulated_nodes(jobs, boot_ms), *login_nodes(boot_ms))
    slurm = SimulatedSlurm(jobs, extra_nodes=(this_machine.node_record(),))
    if plot is None:
        simulate(settings, fresh, slurm, nodes)
        remember(folder, fresh)
    stopped = stop_on_signals()
    password = make_accounts(folder) if asked.accounts else ""
    with running_server(settings, slurm, slurm) as server:
        newest = server.store.newest_ms()
        since_ms = min(newest[node.name] for node in nodes if node.name in newest) + 1
        feed = LiveFeed(
            server.committer, nodes, since_ms, lambda name, said: server.ledger.add_fault(name, said, now_ms())
        )
        own = dataclasses.replace(settings, agent=this_machine.agent_settings(folder, server.url))
        (folder / "maxwatt.toml").write_text(to_toml(own), encoding="utf-8")
        with this_machine.live_agent(folder / "maxwatt.toml", folder):
            _tell(server.url, server.access_url, password, asked.json)
            stopped.wait()
        feed.stop()
    return 0


def demo_settings(folder: Path, port: int, *, accounts: bool = False) -> Settings:
    """Settings of the demo: everything embedded, everything labelled as simulated.

    Args:
        accounts: people sign in by name.
    """
    return Settings(
        cluster=ClusterSettings(CLUSTER_NAME, simulated=True, outside_slurm=compress(logins.MODEL.nodes)),
        server=ServerSettings(port=port, data_dir=str(folder)),
        signin=SigninSettings(method="local", coordinators=("kenji:structures",)) if accounts else SigninSettings(),
        attribution=AttributionSettings(interval_s=15.0),
        cost=CostSettings(price_per_kwh=0.24, currency="EUR"),
        node_models=(*(kind.model for kind in KINDS), logins.MODEL, this_machine.node_model()),
    )


def simulate(settings: Settings, plot: Plot, slurm: SimulatedSlurm, nodes: Sequence[Sampled]) -> None:
    """The past: samples through the ingest into the store, jobs into the ledger, every window booked."""
    store = open_store(settings)
    ledger = Ledger.open(settings.ledger_url)
    committer = Committer(store, interval_ms=0)  # one writer: nothing to gather
    try:
        with _progress() as bars:
            samples, booking = bars.add_task("samples", total=1.0), bars.add_task("booking", total=1.0)
            load(committer, nodes, plot.start_ms, plot.first_run_ms, lambda done: bars.update(samples, completed=done))
            ledger.upsert_nodes(slurm.snapshot().nodes, plot.start_ms)
            for polled_ms in range(max(plot.start_ms, plot.first_run_ms - STATES_MS), plot.first_run_ms, POLL_MS):
                ledger.record_node_states(SlurmSnapshot(polled_ms, (), slurm.nodes_at(polled_ms)))
            ledger.upsert_jobs(slurm.jobs(plot.start_ms, plot.first_run_ms)[0], now_ms())
            attribute_range(
                store,
                ledger,
                settings,
                plot.start_ms,
                plot.first_run_ms,
                progress=lambda done: bars.update(booking, completed=done),
            )
            refresh_sums(ledger, settings)
    finally:
        committer.close()
        ledger.close()
        store.close()


def _clear(folder: Path) -> None:
    """Room for a new demo; one that still runs is told, not deleted under its feet."""
    if (folder / LOCK_FILE).exists():
        with locked(folder):
            pass
    cleared(folder)


def _jobs(plot: Plot) -> list[Placed]:
    placed = place(plans(plot.start_ms, plot.end_ms, plot.seed))
    return [
        dataclasses.replace(job, record=dataclasses.replace(job.record, total_cpu_s=total_cpu_s(job))) for job in placed
    ]


def _progress() -> Progress:
    console = Console(stderr=True)  # standard output is for the address
    return Progress(
        TextColumn("{task.description:8}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn(),
        console=console,
    )  # fmt: skip


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def _tell(url: str, access_url: str, password: str, as_json: bool) -> None:
    if as_json:
        accounts = {"users": [*USERS, ADMIN], "password": password} if password else {}
        print(json.dumps({"url": url, "access_url": access_url, **accounts}), flush=True)
        return
    print("A simulated cluster of forty nodes, two login nodes, and this machine live beside it. Stop with Ctrl-C.")
    if password:
        print(f"  sign in as {', '.join(USERS)} or {ADMIN}, each with the password {password}")
    print(f"  open {access_url}", flush=True)
