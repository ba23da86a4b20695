"""Generated clusters for the kernel's laws: everything that happens on real nodes, small, drawn by hypothesis."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from aggregator.kernel.arrays import (
    Chunk,
    GpuSamples,
    GpuShares,
    IdlePowers,
    JobSamples,
    Lives,
    NodeSamples,
    NodeTraits,
    SessionSamples,
    States,
    Suspensions,
    Window,
)
from aggregator.kernel.idle import declared
from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import DAY_MS

FOREVER = int(np.iinfo(np.int64).max)
T0 = 1_780_012_800_000  # a UTC midnight
STEP_S, RUN_S = 10, 3600
MAX_GAP_MS = 600_000
NODE_CPUS, NODE_MEMORY, GPUS = 8.0, 64e9, 2
FULL = NodeModel(
    "full", cpu_idle_w=60, cpu_max_w=200, dram_idle_w=8, dram_max_w=20, gpu_idle_w=40, gpu_max_w=300, rest_base_w=30,
    rest_ratio=0.1,
)  # fmt: skip
MODELS = (
    FULL,
    replace(FULL, meter_includes_gpus=False),
    replace(FULL, rest_base_w=0.0, rest_ratio=0.0, dram_idle_w=0.0),
    NodeModel("unknown"),
)


@dataclass(frozen=True)
class Job:
    """A life as drawn. Times in whole seconds after T0; `length_s` None: runs."""

    nodes: tuple[int, ...]
    start_s: int
    length_s: int | None
    cpus: int
    memory: float = 8e9
    gpus: int = 0
    """Bit mask of boards."""
    gpu_share: float = 1.0
    gpu_activity: float = np.nan
    exclusive: bool = False
    modelled: bool = False
    suspended: tuple[int, int] | None = None
    readable: bool = True
    lost_tail_s: int = 0
    total_cpu: float | None = 1.0
    """TotalCPU as a share of what was used, None: unknown."""
    busy: float = 1.0
    twin: bool = False
    """Has the job id of the job before it."""
    goes_on: bool = False
    """As a twin: the job before it was resized, and its cgroup counts on."""
    late_s: int = 0
    """How long its cgroup outlives it, at work in an epilog."""

    @property
    def end_s(self) -> int:
        return self.start_s + self.length_s if self.length_s is not None else 10 * RUN_S


@dataclass(frozen=True)
class Metering:
    """How one node is read."""

    cpu: str = "counter"  # counter, model, both, none
    dram: bool = True
    gpus: str = "counter"  # none, counter, power, both
    utilisation: bool = True
    meter: str = "none"  # none, counter, power, both
    meter_factor: float = 1.3
    busy_factor: float = 1.0
    system_rate: float = 0.3
    missing: float = 0.0
    model: int = 0
    gap_s: tuple[int, int] | None = None
    reboot_s: int | None = None
    drop_s: int | None = None
    """Counters fall without a new epoch."""
    missed_wrap_s: int | None = None
    """The agent missed a wrap of the CPU and memory counters in the step to the first reading from here on."""
    cpus_known: bool = True
    """Somebody told how many CPUs the node has."""
    calibrated: bool = False
    """Idle powers differ from the node model's, and half way through another day begins."""
    states: tuple[tuple[int, int | None, Account], ...] = ()
    """Start and end [s after T0] of what Slurm said of the node beside plain idle."""
    logins: tuple[tuple[int, int, int, float], ...] = ()
    """User number, start and end [s after T0], CPUs in use."""
    outside: bool = False
    """Not one of Slurm's."""


class Cluster:
    """What was drawn, and the kernel's input made of it. Shown as the call that makes it, not as its arrays."""

    def __init__(self, metering: tuple[Metering, ...], jobs: tuple[Job, ...], seed: int, chunk: Chunk) -> None:
        self.metering, self.jobs, self.seed, self.chunk = metering, jobs, seed, chunk

    def __repr__(self) -> str:
        return f"cluster({self.metering}, {self.jobs}, {self.seed})"


def whole_window(*inner_s: float) -> Window:
    """The whole run and more, cut at some moments [s after T0]."""
    edges = sorted({T0 - 60_000, *(T0 + round(at * 1000) for at in inner_s), T0 + (RUN_S + 60) * 1000})
    return Window(np.array(edges, np.int64), MAX_GAP_MS)


@st.composite
def jobs(draw: st.DrawFn, node_count: int) -> Job:
    length = draw(st.one_of(st.integers(1, 20), st.integers(21, 500), st.integers(900, 3000), st.just(9000), st.none()))
    start = draw(st.one_of(st.integers(-900, RUN_S + 20), st.sampled_from([0, 300, 900, 1800])))
    node = draw(st.integers(0, node_count - 1))
    both = node_count > 1 and draw(st.sampled_from([False, False, False, True]))
    return Job(
        nodes=(node, (node + 1) % node_count) if both else (node,),
        start_s=start,
        length_s=length,
        cpus=draw(st.integers(1, 8)),
        memory=draw(st.sampled_from([0.0, 4e9, 32e9, 64e9])),
        gpus=draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4])),
        gpu_share=draw(st.sampled_from([1.0, 1.0, 1 / 7, 3 / 7, 0.5])),
        gpu_activity=draw(st.sampled_from([np.nan, np.nan, 0.0, 0.4, 1.0])),
        exclusive=draw(st.sampled_from([False, False, False, True])),
        modelled=draw(st.sampled_from([False, False, True])),
        suspended=draw(st.sampled_from([None, None, (5, 60), (100, 900), (30, 100_000)])),
        readable=draw(st.sampled_from([True, True, True, False])),
        lost_tail_s=draw(st.sampled_from([0, 0, 35, 100])),
        total_cpu=draw(st.sampled_from([1.0, 1.0, 0.5, 1.5, None])),
        busy=draw(st.sampled_from([0.0, 0.3, 1.0, 1.1])),
        twin=draw(st.sampled_from([False, False, True])),
        goes_on=draw(st.sampled_from([False, True])),
        late_s=draw(st.sampled_from([0, 0, 0, 25, 80])),
    )


STATES: tuple[tuple[tuple[int, int | None, Account], ...], ...] = (
    (),
    ((-500, None, Account.DRAINED),),
    ((301, 900, Account.DOWN), (900, 915, Account.BOOTING), (2003, 9000, Account.POWERED_OFF)),
)


LOGINS: tuple[tuple[tuple[int, int, int, float], ...], ...] = (
    (),
    ((1001, -300, 9000, 0.2),),
    ((1001, 95, 1200, 1.0), (1001, 1210, 2500, 0.5), (0, 600, 3000, 0.0), (70_000, 1501, 1533, 4.0)),
)


@st.composite
def meterings(draw: st.DrawFn, *, steady: bool) -> Metering:
    broken = not steady
    return Metering(
        cpu=draw(st.sampled_from(["counter", "counter", "both", "model"] + ["none"] * broken)),
        dram=draw(st.sampled_from([True, True, False])),
        gpus=draw(st.sampled_from(["none", "counter", "power"] + ["both"] * broken)),
        utilisation=draw(st.sampled_from([True, True, False])),
        meter=draw(st.sampled_from(["none", "counter", "power"] + ["both"] * broken)),
        meter_factor=draw(st.sampled_from([0.6, 1.0, 1.3])),
        busy_factor=draw(st.sampled_from([1.0, 0.8, 1.05])),
        system_rate=draw(st.sampled_from([0.0, 0.3, 3.0])),
        missing=draw(st.sampled_from([0.0, 0.03, 0.2])),
        model=draw(st.integers(0, len(MODELS) - 1)),
        gap_s=draw(st.sampled_from([None, (1000, 1050), (600, 1000), (1500, 2300)])) if broken else None,
        reboot_s=draw(st.sampled_from([None, None, 700, 2500])) if broken else None,
        drop_s=draw(st.sampled_from([None, None, 1300])) if broken else None,
        missed_wrap_s=draw(st.sampled_from([None, None, 500, 2000])),
        cpus_known=draw(st.sampled_from([True, True, True, False])),
        calibrated=draw(st.booleans()),
        states=draw(st.sampled_from(STATES)),
        logins=draw(st.sampled_from(LOGINS)),
        outside=draw(st.sampled_from([False, False, True])),
    )


def clusters(*, steady: bool = False, most_jobs: int = 7) -> st.SearchStrategy[Cluster]:
    """Clusters of 1 to 3 nodes over an hour.

    Args:
        steady: one epoch, no gaps, first and last readings good; values in between may still be missing.
    """
    drawn = _drawn(steady=steady, most_jobs=most_jobs)
    return drawn.map(lambda parts: cluster(*parts))


@st.composite
def _drawn(draw: st.DrawFn, *, steady: bool, most_jobs: int) -> tuple[tuple[Metering, ...], tuple[Job, ...], int]:
    node_count = draw(st.integers(1, 3))
    metering = tuple(draw(meterings(steady=steady)) for _ in range(node_count))
    drawn = tuple(draw(st.lists(jobs(node_count), max_size=most_jobs)))
    return metering, drawn, draw(st.integers(0, 2**31))


def cluster(metering: tuple[Metering, ...], drawn: tuple[Job, ...], seed: int) -> Cluster:
    """The kernel's input for drawn nodes and jobs; amounts come from a generator with this seed."""
    rng = np.random.default_rng(seed)
    drawn = _without_overlapping_twins(drawn)
    ids = _job_ids(drawn)
    used: list[_CpuUse] = []
    for job in drawn:
        used.append(_CpuUse(rng, job, used[-1].total[-1] if job.twin and job.goes_on else 0.0))
    node_rows, gpu_rows, job_rows, session_rows = [], [], [], []
    for node, how in enumerate(metering):
        ts = _times(rng, how)
        mine = [number for number, job in enumerate(drawn) if node in job.nodes]
        rows = _node_rows(rng, node, how, ts, [used[number] for number in mine])
        node_rows.append(rows)
        gpu_rows += _gpu_rows(rng, node, how, rows)
        session_rows += [_session_rows(rng, node, how, rows, login) for login in how.logins]
        for number in mine:
            job_rows.append(_job_rows(rng, node, how, ts, drawn[number], ids[number], used[number]))
    lives, suspensions = _lives(drawn, ids, used)
    nodes = tuple(
        NodeTraits(f"n{i}", MODELS[how.model], how.cpus_known * NODE_CPUS, NODE_MEMORY, how.outside)
        for i, how in enumerate(metering)
    )
    chunk = Chunk(
        nodes=nodes,
        node=concatenated(NodeSamples, node_rows),
        gpu=concatenated(GpuSamples, gpu_rows or [_empty(GpuSamples)]),
        job=sorted_jobs(concatenated(JobSamples, job_rows or [_empty(JobSamples)])),
        lives=lives,
        suspensions=suspensions,
        idle=_idle(np.random.default_rng(seed + 1), metering, declared(nodes, GPUS)),
        states=_states(metering),
        gpu_shares=_gpu_shares(drawn),
        session=concatenated(SessionSamples, session_rows or [_empty(SessionSamples)]),
    )
    return Cluster(metering, drawn, seed, chunk)


class _CpuUse:
    """CPU seconds of a job on one of its nodes since its start: piecewise linear with a new rate every minute."""

    def __init__(self, rng: np.random.Generator, job: Job, begin: float) -> None:
        self.edges_s = job.start_s + np.append(np.arange(0, max(job.end_s - job.start_s, 1), 60.0), job.end_s)
        self.edges_s[-1] = job.end_s
        self.edges_s = np.unique(self.edges_s)
        rates = job.busy * job.cpus * rng.uniform(0.3, 1.0, len(self.edges_s) - 1)
        self.total = begin + np.concatenate([[0.0], np.cumsum(rates * np.diff(self.edges_s))])

    def at(self, seconds: np.ndarray) -> np.ndarray:
        return np.interp(seconds, self.edges_s, self.total)


def _times(rng: np.random.Generator, how: Metering) -> np.ndarray:
    """Epoch ms of a node's samples."""
    count = RUN_S // STEP_S + 1
    ts = T0 + np.arange(count, dtype=np.int64) * STEP_S * 1000 + rng.integers(0, 400, count)
    if how.gap_s is not None:
        ts = ts[(ts < T0 + how.gap_s[0] * 1000) | (ts > T0 + how.gap_s[1] * 1000)]
    return ts


def _node_rows(
    rng: np.random.Generator, node: int, how: Metering, ts: np.ndarray, used: list[_CpuUse]
) -> dict[str, np.ndarray]:
    seconds, count = (ts - T0) / 1000, len(ts)
    steps = np.diff(seconds, prepend=seconds[0] - STEP_S)
    logins = sum((_login_s(seconds, login) for login in how.logins), np.zeros(count))
    busy = how.busy_factor * sum((each.at(seconds) for each in used), logins) + how.system_rate * (seconds + 9)
    cpu_w = rng.uniform(0, 220, count) * (rng.random(count) > 0.1)
    dram_w, gpu_w = rng.uniform(0, 20, count), rng.uniform(0, 300, (GPUS, count))
    parts_w = (how.cpu != "none") * cpu_w + how.dram * dram_w
    if how.gpus != "none" and MODELS[how.model].meter_includes_gpus:
        parts_w = parts_w + gpu_w.sum(axis=0)
    meter_w = how.meter_factor * parts_w + rng.uniform(0, 40, count)
    total: dict[str, Any] = {
        "cpu_busy_s": busy,
        "cpu_energy_j": np.cumsum(cpu_w * steps) if how.cpu in ("counter", "both") else None,
        "dram_energy_j": np.cumsum(dram_w * steps) if how.dram else None,
        "cpu_modelled_j": np.cumsum(0.9 * cpu_w * steps) if how.cpu in ("model", "both") else None,
        "meter_energy_j": np.cumsum(meter_w * steps) if how.meter in ("counter", "both") else None,
    }
    power = {"meter_power_w": meter_w if how.meter in ("power", "both") else None}
    columns = {name: _reset(how, ts, values) for name, values in total.items()} | power
    rows = {name: _with_missing(rng, how, values, count) for name, values in columns.items()}
    if how.cpu == "both":
        rows["cpu_energy_j"][count // 3 : count // 3 + 12] = np.nan
        rows["cpu_energy_j"][count // 2 : count // 2 + 70] = np.nan
    rows["cpu_estimated_j"] = _estimated(how, ts, columns["cpu_energy_j"])
    rows["dram_estimated_j"] = _estimated(how, ts, columns["dram_energy_j"])
    epoch = np.where(ts < T0 + (how.reboot_s or 10 * RUN_S) * 1000, 100 + node, 200 + node)
    clock = {"monotonic_s": 1000 + seconds * (1 + 1e-6 * node), "epoch_id": epoch}
    return {"node": np.full(count, node, np.int32), "ts_ms": ts, **clock, **rows, "_gpu_w": gpu_w, "_steps": steps}


def _gpu_rows(
    rng: np.random.Generator, node: int, how: Metering, rows: dict[str, np.ndarray]
) -> list[dict[str, np.ndarray]]:
    found: list[dict[str, np.ndarray]] = []
    for gpu in range(GPUS if how.gpus != "none" else 0):
        watts, count = rows["_gpu_w"][gpu], len(rows["ts_ms"])
        energy = (
            _reset(how, rows["ts_ms"], np.cumsum(watts * rows["_steps"])) if how.gpus in ("counter", "both") else None
        )
        shared = {name: rows[name] for name in ("node", "ts_ms", "monotonic_s", "epoch_id")}
        found.append(
            {
                **shared,
                "gpu": np.full(count, gpu, np.int32),
                "energy_j": _with_missing(rng, how, energy, count),
                "power_w": _with_missing(rng, how, watts if how.gpus in ("power", "both") else None, count),
                "utilisation": _with_missing(rng, how, rng.random(count) if how.utilisation else None, count),
            }
        )
    return found


def _job_rows(
    rng: np.random.Generator, node: int, how: Metering, ts: np.ndarray, job: Job, job_id: int, used: _CpuUse
) -> dict[str, np.ndarray]:
    """Rows of a job-level cgroup: they may begin a little early, end a little late."""
    low, high = T0 + job.start_s * 1000 - 300, T0 + (job.end_s - job.lost_tail_s + job.late_s) * 1000 + 700
    mine = ts[(ts >= low) & (ts <= high)] if job.readable else ts[:0]
    seconds = (mine - T0) / 1000
    counter = used.at(seconds) + 0.01 * job.busy * np.maximum(seconds - job.end_s, 0)
    cpu_s = _with_missing(rng, how, counter, len(mine), steady_ends=False)
    memory = _with_missing(rng, how, rng.uniform(1e8, job.memory + 2e8, len(mine)), len(mine))
    return {
        "node": np.full(len(mine), node, np.int32), "job_id": np.full(len(mine), job_id, np.int64), "ts_ms": mine,
        "cpu_s": cpu_s, "memory_bytes": memory,
    }  # fmt: skip


def _estimated(how: Metering, ts: np.ndarray, counter: np.ndarray | None) -> np.ndarray:
    """What the agent's model decided of a counter: one step of it, until a reboot."""
    found = np.full(len(ts), np.nan)
    if counter is not None and how.missed_wrap_s is not None:
        begin = int(np.searchsorted(ts, T0 + how.missed_wrap_s * 1000))
        found[begin:] = max(counter[begin] - counter[begin - 1], 1.0)
        if how.reboot_s is not None and how.reboot_s > how.missed_wrap_s:
            found[ts >= T0 + how.reboot_s * 1000] = np.nan
    return found


def _idle(rng: np.random.Generator, metering: tuple[Metering, ...], plain: IdlePowers) -> IdlePowers:
    """Idle powers of two days, the second of which begins half way through the run; some are not known."""

    def drawn(power_w: np.ndarray) -> np.ndarray:
        days = np.repeat(power_w, 2, axis=1)
        mixed = days * rng.uniform(0.5, 1.5, days.shape)
        mixed[rng.random(days.shape) < 0.2] = np.nan
        on = np.array([how.calibrated for how in metering]).reshape(-1, *(1,) * (power_w.ndim - 1))
        return np.where(on, mixed, days)

    first_day_ms = T0 + RUN_S * 500 - DAY_MS
    return IdlePowers(first_day_ms, *(drawn(each) for each in (plain.cpu_w, plain.dram_w, plain.rest_w, plain.gpu_w)))


def _login_s(seconds: np.ndarray, login: tuple[int, int, int, float]) -> np.ndarray:
    _, start_s, end_s, cpus = login
    return cpus * (np.clip(seconds, start_s, end_s) - start_s)


def _session_rows(
    rng: np.random.Generator,
    node: int,
    how: Metering,
    rows: dict[str, np.ndarray],
    login: tuple[int, int, int, float],
) -> dict[str, np.ndarray]:
    """A counter that begins with the login and is gone with it."""
    seconds = (rows["ts_ms"] - T0) / 1000
    on = (seconds >= login[1]) & (seconds <= login[2])
    count = int(on.sum())
    clock = {name: rows[name][on] for name in ("node", "ts_ms", "monotonic_s", "epoch_id")}
    cpu_s = _with_missing(rng, how, _login_s(seconds[on], login), count)
    return {**clock, "uid": np.full(count, login[0], np.int64), "cpu_s": cpu_s}


def _reset(how: Metering, ts: np.ndarray, values: np.ndarray | None) -> np.ndarray | None:
    """Counters begin anew after a reboot, and fall where they fall."""
    if values is None:
        return None
    values = values.copy()
    for at in (how.reboot_s, how.drop_s):
        if at is not None:
            values[ts >= T0 + at * 1000] -= 0.9 * values[np.searchsorted(ts, T0 + at * 1000)]
    return values


def _with_missing(
    rng: np.random.Generator, how: Metering, values: np.ndarray | None, count: int, *, steady_ends: bool = True
) -> np.ndarray:
    """Values of which some could not be read; the first and last can, so that ends are comparable."""
    if values is None:
        return np.full(count, np.nan)
    lost = rng.random(count) < how.missing
    if steady_ends:
        lost[:1] = lost[-1:] = False
    return np.where(lost, np.nan, values)


def _without_overlapping_twins(drawn: tuple[Job, ...]) -> tuple[Job, ...]:
    """A job that has the id of the one before it begins after it, on the same nodes."""
    found: list[Job] = []
    for job in drawn:
        before = found[-1] if found else None
        if job.twin and before is not None and before.length_s is not None:
            found[-1] = replace(before, late_s=0)
            found.append(replace(job, nodes=before.nodes, start_s=before.end_s + (0 if job.goes_on else 2)))
        else:
            found.append(replace(job, twin=False, goes_on=False))
    return tuple(found)


def _job_ids(drawn: tuple[Job, ...]) -> list[int]:
    ids: list[int] = []
    for number, job in enumerate(drawn):
        ids.append(ids[-1] if job.twin else 500 - number)
    return ids


def _lives(drawn: tuple[Job, ...], ids: list[int], used: list[_CpuUse]) -> tuple[Lives, Suspensions]:
    rows, spans = [], []
    for number, job in enumerate(drawn):
        end_ms = FOREVER if job.length_s is None else T0 + job.end_s * 1000
        total = np.nan if job.total_cpu is None or job.length_s is None else job.total_cpu * used[number].total[-1]
        for node in job.nodes:
            if job.suspended is not None:
                begin, stop = (T0 + (job.start_s + at) * 1000 for at in job.suspended)
                spans.append((len(rows), begin, FOREVER if job.suspended[1] > 10_000 else stop))
            rows.append(
                (
                    node, number, ids[number], T0 + job.start_s * 1000, end_ms, job.cpus, job.memory,
                    job.exclusive, job.modelled, total * len(job.nodes),
                )
            )  # fmt: skip
    return lives_of(rows), suspensions_of(spans)


def _states(metering: tuple[Metering, ...]) -> States:
    spans = [
        (node, T0 + start * 1000, FOREVER if end is None else T0 + end * 1000, account)
        for node, how in enumerate(metering)
        for start, end, account in how.states
    ]
    node, start, end, account = np.array(spans, np.int64).reshape(-1, 4).T
    return States(node.astype(np.int32), start, end, account.astype(np.int32))


def _gpu_shares(drawn: tuple[Job, ...]) -> GpuShares:
    owners = [job for job in drawn for _ in job.nodes]
    return gpu_shares_of(
        (life, board, job.gpu_share, job.gpu_activity, job.modelled)
        for life, job in enumerate(owners)
        for board in range(job.gpus.bit_length())
        if job.gpus >> board & 1
    )


def gpu_shares_of(rows: Iterable[tuple[Any, ...]]) -> GpuShares:
    columns = np.array(list(rows), np.float64).reshape(-1, 5).T
    kinds = (np.int64, np.int64, np.float64, np.float64, np.bool_)
    return GpuShares(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def lives_of(rows: list[tuple[Any, ...]]) -> Lives:
    types = (np.int32, *(np.int64,) * 4, np.float64, np.float64, np.bool_, np.bool_, np.float64)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    return Lives(*(np.array(column, kind) for column, kind in zip(columns, types, strict=True)))


def suspensions_of(spans: list[tuple[int, int, int]]) -> Suspensions:
    columns = np.array(spans, np.int64).reshape(-1, 3)
    return Suspensions(columns[:, 0], columns[:, 1], columns[:, 2])


def concatenated(kind: Any, parts: list[dict[str, np.ndarray]]) -> Any:
    return kind(*(np.concatenate([part[each.name] for part in parts]) for each in fields(kind)))


def _empty(kind: Any) -> dict[str, np.ndarray]:
    types = {
        "node": np.int32,
        "uid": np.int64,
        "gpu": np.int32,
        "ts_ms": np.int64,
        "epoch_id": np.int64,
        "job_id": np.int64,
    }
    return {each.name: np.zeros(0, types.get(each.name, np.float64)) for each in fields(kind)}


def sorted_jobs(rows: JobSamples) -> JobSamples:
    return taken(rows, np.lexsort((rows.ts_ms, rows.job_id, rows.node)))


def taken(rows: Any, keep: np.ndarray) -> Any:
    """A selection of the rows of any of the kernel's records."""
    return type(rows)(*(getattr(rows, each.name)[keep] for each in fields(rows)))


def cropped(chunk: Chunk, low_ms: int, high_ms: int) -> Chunk:
    """Samples of a time, and the lives that touch it: what a store and a ledger give for one window."""
    samples = {
        name: taken(rows, (rows.ts_ms >= low_ms) & (rows.ts_ms < high_ms))
        for name, rows in (("node", chunk.node), ("gpu", chunk.gpu), ("job", chunk.job), ("session", chunk.session))
    }
    keep = np.flatnonzero((chunk.lives.start_ms < high_ms) & (chunk.lives.end_ms > low_ms))
    number = {old: new for new, old in enumerate(keep.tolist())}
    spans, shares = (_of_lives(each, number) for each in (chunk.suspensions, chunk.gpu_shares))
    return replace(chunk, **samples, lives=taken(chunk.lives, keep), suspensions=spans, gpu_shares=shares)


def _of_lives(rows: Any, number: dict[int, int]) -> Any:
    """What belongs to some lives, under their new numbers."""
    some = taken(rows, np.flatnonzero(np.isin(rows.life, list(number))))
    return replace(some, life=np.array([number[life] for life in some.life.tolist()], np.int64))


_NO_ROWS = [kind(**_empty(kind)) for kind in (NodeSamples, GpuSamples, JobSamples)]
EMPTY = Chunk((), *_NO_ROWS, lives_of([]), suspensions_of([]), gpu_shares_of([]), declared((), GPUS))
"""No nodes, no samples, no lives."""
