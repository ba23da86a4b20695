"""Small hand-made inputs of the kernel. Times are seconds after a UTC midnight."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from aggregator.kernel.arrays import (
    FOREVER,
    Bookings,
    Chunk,
    GpuSamples,
    GpuShares,
    IdlePowers,
    JobSamples,
    Lives,
    Measured,
    NodeSamples,
    NodeTraits,
    SessionSamples,
    States,
    Suspensions,
    Window,
)
from aggregator.kernel.attribution import attribute
from aggregator.kernel.idle import declared
from maxwatt.domain.energy import COMPONENTS, EVIDENCE, PARTS, Account
from maxwatt.domain.node_model import NodeModel

T0 = 1_780_012_800_000
CPUS, MEMORY = 8.0, 64e9
PLAIN = NodeModel("plain", cpu_idle_w=60.0, cpu_max_w=200.0)
"""60 W idle, and nothing of memory, GPUs and rest."""

_TYPES = {
    "node": np.int32,
    "uid": np.int64,
    "gpu": np.int32,
    "ts_ms": np.int64,
    "epoch_id": np.int64,
    "job_id": np.int64,
}
_LIFE = {
    "node": np.int32, "job": np.int64, "job_id": np.int64, "start_ms": np.int64, "end_ms": np.int64,
    "cpus": np.float64, "memory_bytes": np.float64, "exclusive": np.bool_, "modelled": np.bool_,
    "total_cpu_s": np.float64,
}  # fmt: skip


def node_rows(at_s: list[float], *, node: int = 0, **values: Any) -> dict[str, list[Any]]:
    """Rows of one node; what is not given was not read."""
    return _rows(NodeSamples, at_s, {"node": node, **values})


def gpu_rows(at_s: list[float], *, node: int = 0, gpu: int = 0, **values: Any) -> dict[str, list[Any]]:
    return _rows(GpuSamples, at_s, {"node": node, "gpu": gpu, **values})


def job_rows(
    job_id: int, at_s: list[float], cpu_s: list[float], *, node: int = 0, **values: Any
) -> dict[str, list[Any]]:
    return _rows(JobSamples, at_s, {"node": node, "job_id": job_id, "cpu_s": cpu_s, **values})


def session_rows(
    uid: int, at_s: list[float], cpu_s: list[float], *, node: int = 0, **values: Any
) -> dict[str, list[Any]]:
    return _rows(SessionSamples, at_s, {"node": node, "uid": uid, "cpu_s": cpu_s, **values})


def _rows(kind: Any, at_s: list[float], values: dict[str, Any]) -> dict[str, list[Any]]:
    count = len(at_s)
    defaults = {
        "ts_ms": [T0 + round(at * 1000) for at in at_s],
        "monotonic_s": [100 + at for at in at_s],
        "epoch_id": 1,
    }
    given = {**defaults, **values}
    rows = {each.name: given.get(each.name, np.nan) for each in fields(kind)}
    return {name: value if isinstance(value, list) else [value] * count for name, value in rows.items()}


def life(job_id: int, start_s: float, end_s: float | None, cpus: float, **values: Any) -> dict[str, Any]:
    """A life; `job` is its number for the caller, the job id unless given; memory 0 is not known: as its CPUs.

    `gpus` are shares by board, `activity` by board where it is known, `assumed` says that nobody told the shares.
    """
    return {
        "node": 0, "job": job_id, "job_id": job_id, "start_ms": T0 + round(start_s * 1000),
        "end_ms": FOREVER if end_s is None else T0 + round(end_s * 1000), "cpus": cpus, "memory_bytes": 0.0, "gpus": {},
        "exclusive": False, "modelled": False, "total_cpu_s": np.nan, **values,
    }  # fmt: skip


@dataclass(frozen=True)
class Booked:
    """The kernel's answer, to be asked for single figures."""

    chunk: Chunk
    rows: Bookings
    measured: Measured

    def _on(self, who: "Who", bucket: int | None, node: int | None) -> np.ndarray:
        if isinstance(who, User):
            on = (self.rows.account == Account.SESSION) & (self.rows.uid == who.uid)
        elif isinstance(who, Account):
            on = self.rows.account == who
        else:
            on = np.isin(self.rows.life, np.flatnonzero(self.chunk.lives.job == who))
        if bucket is not None:
            on = on & (self.rows.bucket == bucket)
        return on if node is None else on & (self.rows.node == node)

    def energy_j(
        self, who: "Who", component: str, part: str, *, bucket: int | None = None, node: int | None = None
    ) -> float:
        """Energy of a job (its number), a user's logins or another account."""
        on = self._on(who, bucket, node)
        values = self.rows.energy_j[on, COMPONENTS.index(component), PARTS.index(part)]  # type: ignore[arg-type]
        return float(values.sum())

    def evidence_j(self, who: "Who", evidence: str) -> float:
        on = self._on(who, None, None)
        return float(self.rows.evidence_j[on, EVIDENCE.index(evidence)].sum())  # type: ignore[arg-type]

    def fact(self, who: "Who", name: str, *, bucket: int | None = None, node: int | None = None) -> float:
        """A column of the one row of a job, user or account."""
        found = getattr(self.rows, name)[self._on(who, bucket, node)]
        assert len(found) == 1, f"{len(found)} rows"
        return float(found[0])


@dataclass(frozen=True)
class User:
    """A user's logins."""

    uid: int


Who = int | Account | User


def booked(edges_s: list[float], *, max_gap_s: float = 60.0, power_gap_s: float = 45.0, **given: Any) -> Booked:
    """Attribute what `chunk_of` makes of `given`."""
    chunk = chunk_of(**given)
    edges_ms = np.array([T0 + round(at * 1000) for at in edges_s], np.int64)
    window = Window(edges_ms, round(max_gap_s * 1000), round(power_gap_s * 1000))
    return Booked(chunk, *attribute(chunk, window))


def chunk_of(
    node: list[dict[str, list[Any]]],
    *,
    gpu: list[dict[str, list[Any]]] | None = None,
    job: list[dict[str, list[Any]]] | None = None,
    lives: list[dict[str, Any]] | None = None,
    suspended: list[tuple[int, float, float]] | None = None,
    states: list[tuple[int, float, float | None, Account]] | None = None,
    session: list[dict[str, list[Any]]] | None = None,
    outside: bool = False,
    model: NodeModel = PLAIN,
    idle: IdlePowers | None = None,
    cpus: float = CPUS,
) -> Chunk:
    """The kernel's input; `suspended` names lives by their place; `states` are of node, start, end and account."""
    count = 1 + max(max(rows["node"], default=0) for rows in node)
    spans = np.array([(one, T0 + a * 1000, T0 + b * 1000) for one, a, b in suspended or []], np.int64).reshape(-1, 3)
    lasted = [(n, T0 + a * 1000, FOREVER if b is None else T0 + b * 1000, what) for n, a, b, what in states or []]
    state = np.array(lasted, np.int64).reshape(-1, 4).T
    nodes = tuple(NodeTraits(f"n{i}", model, cpus, MEMORY, outside) for i in range(count))
    boards = 1 + max((max(rows["gpu"], default=0) for rows in gpu or []), default=0)
    return Chunk(
        nodes=nodes,
        node=_record(NodeSamples, node),
        gpu=_record(GpuSamples, gpu or []),
        job=_record(JobSamples, job or []),
        lives=Lives(**{name: np.array([one[name] for one in lives or []], kind) for name, kind in _LIFE.items()}),
        suspensions=Suspensions(spans[:, 0], spans[:, 1], spans[:, 2]),
        idle=idle or declared(nodes, boards),
        states=States(state[0].astype(np.int32), state[1], state[2], state[3].astype(np.int32)),
        gpu_shares=_gpu_shares(lives or []),
        session=_record(SessionSamples, session or []),
    )


def _gpu_shares(lives: list[dict[str, Any]]) -> GpuShares:
    rows = [
        (number, board, share, one.get("activity", {}).get(board, np.nan), one.get("assumed", False))
        for number, one in enumerate(lives)
        for board, share in one["gpus"].items()
    ]
    columns = zip(*rows, strict=True) if rows else [()] * 5
    kinds = (np.int64, np.int64, np.float64, np.float64, np.bool_)
    return GpuShares(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _record(kind: Any, parts: list[dict[str, list[Any]]]) -> Any:
    names = [each.name for each in fields(kind)]
    columns = {name: [value for part in parts for value in part[name]] for name in names}
    return kind(**{name: np.array(columns[name], _TYPES.get(name, np.float64)) for name in names})
