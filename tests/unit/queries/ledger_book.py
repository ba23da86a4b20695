"""Writes rows into a ledger by hand, for tests of everything that reads one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select

from aggregator.ledger import stale, tables
from aggregator.ledger.refresh import refresh
from aggregator.pipeline.sums import site_of
from maxwatt.config import ClusterSettings, CostSettings, Settings
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account

BUCKET = 900_000
T0 = 1_944_445 * BUCKET
"""Start of a bucket, 2025-06-15 15:15:00 UTC."""
GIB = 2.0**30

EMPTY_JOB: dict[str, Any] = {
    **dict.fromkeys(
        ("name", "account", "qos", "state_reason", "node_list", "features", "command", "work_dir", "stdout"), ""
    ),
    **dict.fromkeys(("stderr", "comment"), ""),
    **{"cluster": "test", "state": "COMPLETED", "cpus": 4, "node_count": 1, "gpu_count": 0, "memory_bytes": 0},
    **{"exclusive": False, "source": "sacct", "seen_ms": T0, "exit_code": 0},
}


@dataclass
class Book:
    """Writes rows into a ledger; what is not said is nothing."""

    engine: Engine
    _connection: Connection | None = None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Everything that is written within it in one transaction."""
        with self.engine.begin() as self._connection:
            yield
        self._connection = None

    def _begin(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection) if self._connection else self.engine.begin()

    def add(self, table: Table, **values: Any) -> None:
        with self._begin() as connection:
            connection.execute(insert(table), values)

    def job(self, ref: int, user: str, start: int, end: int | None, **values: Any) -> None:
        """A job from bucket `start` to bucket `end`, counted from T0."""
        times = {"start_ms": T0 + start * BUCKET, "end_ms": None if end is None else T0 + end * BUCKET}
        job = {**EMPTY_JOB, "job_ref": ref, "job_id": 100 + ref, "user": user, "partition": "cpu", **times, **values}
        self.add(tables.jobs, **job)

    def allocation(self, ref: int, node: str, cpus: float, memory_gib: float, gpus: str = "") -> None:
        memory = memory_gib * GIB
        self.add(tables.allocations, job_ref=ref, node=node, cpus=cpus, memory_bytes=memory, gpus=gpus, modelled=False)

    def booking(self, ref: int, node: str, bucket: int, energy: dict[str, float], **values: Any) -> None:
        """Energy [J] such as `{"cpu_static_j": 100}`, all of it counted unless evidence is given."""
        evidence = {name: values.pop(name) for name in EVIDENCE_COLUMNS if name in values}
        row = {
            **dict.fromkeys((*ENERGY_COLUMNS, *EVIDENCE_COLUMNS), 0.0),
            **energy,
            **(evidence or {"counted_j": sum(energy.values())}),
            **{"node": node, "bucket_ms": T0 + bucket * BUCKET, "job_ref": ref},
            **{"account": int(Account.JOB), "cpu_reserved_s": 0.0, "held_s": 900.0, "covered_s": 900.0},
            **{"uncertainty": 0.0, "method_version": 1, "revision": 1, "factor_id": 1},
            **values,
        }
        with self._begin() as connection:
            connection.execute(insert(tables.bookings), row)
            stale.mark(connection, [row["bucket_ms"]], [ref])

    def sum_up(self) -> None:
        """What the pipeline does at the end of each round."""
        refresh(self.engine, site_of(SETTINGS))

    def factor(self, number: int, g_per_kwh: float, vintage: str, pue: float = 1.5, price: float = 0.4) -> None:
        """A factor with its figures: the grid's intensity, the site's PUE and its tariff."""
        first, none = 10 * number, {"zone": "", "kind": "", "vintage": "", "state": "static", "valid_from_ms": number}
        site = {"provider": "config", **none}
        grid = {"provider": "owid", "zone": "DE", "kind": "average lifecycle", "vintage": vintage}
        self.add(tables.figures, figure_id=first, quantity="intensity", value=g_per_kwh, **(none | grid))
        self.add(tables.figures, figure_id=first + 1, quantity="pue", value=pue, **site)
        self.add(tables.figures, figure_id=first + 2, quantity="price", value=price, **(site | {"kind": "EUR"}))
        ids = {"intensity_id": first, "pue_id": first + 1, "market_id": 0, "price_id": first + 2}
        self.add(tables.factors, factor_id=number, **ids)

    def session(self, uid: int, user: str, node: str, bucket: int, dynamic_j: float, **values: Any) -> None:
        """A login; its user is put down with the first."""
        with self._begin() as connection:
            if connection.execute(select(tables.users).where(tables.users.c.uid == uid)).first() is None:
                connection.execute(insert(tables.users).values(uid=uid, name=user, seen_ms=T0))
        account = {"account": int(Account.SESSION), "waste_j": None, "co2_g": dynamic_j * 1.5e-4}
        self.booking(uid, node, bucket, {"cpu_dynamic_j": dynamic_j}, **{**account, **values})

    def window(self, bucket: int, state: str = "closed", computed: float = 100.0) -> None:
        start_ms = T0 + bucket * BUCKET
        row = {"bucket_ms": start_ms, "state": state, "computed_ms": T0 + int(computed * BUCKET)}
        self.add(tables.windows, **row, revision=1, closure_error=0.0)

    def measured(self, node: str, bucket: int, covered_s: float) -> None:
        row = {f"{name}_j": 0.0 for name in ("cpu", "dram", "gpu", "rest")}
        self.add(tables.measured, node=node, bucket_ms=T0 + bucket * BUCKET, covered_s=covered_s, **row)


def cost_of(energy_j: float) -> float:
    """At the factor's PUE and tariff."""
    return energy_j / 3.6e6 * 1.5 * 0.4


def fill(book: Book) -> Book:
    """Alice's job 101 on two nodes over two buckets, Bob's 102 on one of them, Alice's 103 that nothing booked."""
    book.factor(1, 360.0, "2024")
    book.job(1, "alice", 0, 2, name="relax", account="phys", node_count=2, cpus=8, node_list="n[1-2]", gpu_count=1)
    book.job(2, "bob", 1, 2, name="train", account="chem", partition="gpu", node_list="n1")
    book.job(3, "alice", 3, None, name="later", account="phys", state="RUNNING", exit_code=None)
    book.allocation(1, "n1", 4, 8, "0")
    book.allocation(1, "n2", 4, 8)
    book.allocation(2, "n1", 4, 16)
    use = {"cpu_used_s": 1800.0, "cpu_reserved_s": 3600.0}
    for bucket in (0, 1):
        for node, peak_gib in (("n1", 1.0 + bucket), ("n2", 6.0)):
            book.booking(
                1,
                node,
                bucket,
                {"cpu_static_j": 1000.0, "cpu_dynamic_j": 2000.0, "rest_static_j": 600.0},
                counted_j=3000.0,
                modelled_j=600.0,
                waste_j=500.0,
                memory_peak_bytes=peak_gib * GIB,
                uncertainty=0.05,
                co2_g=0.54,
                cost=cost_of(3600.0),
                **use,
            )
    energy, paid = {"cpu_static_j": 1800.0, "gpu_dynamic_j": 5400.0}, cost_of(7200.0)
    book.booking(2, "n1", 1, energy, waste_j=None, co2_g=1.08, cost=paid, uncertainty=0.1, **use)
    for account, energy_j in ((Account.SYSTEM, 300.0), (Account.IDLE, 900.0), (Account.UNATTRIBUTED, -100.0)):
        value = {"co2_g": energy_j * 1.5e-4, "cost": cost_of(energy_j)}
        book.booking(0, "n2", 1, {"cpu_static_j": energy_j}, account=int(account), **value)
    for bucket in (0, 1):
        book.window(bucket)
        book.measured("n1", bucket, 900.0)
        book.measured("n2", bucket, 450.0)
    return book


SETTINGS = replace(
    Settings(),
    cluster=ClusterSettings(name="test", timezone="Europe/Berlin"),
    cost=CostSettings(currency="EUR"),
)
