"""What reading a node more or less often, wraps, gaps and reboots do to the figures, on generated clusters."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from clusters import GPUS, MAX_GAP_MS, MODELS, Cluster, cluster, clusters, taken
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laws import CPU, DRAM, DYNAMIC, GPU, TIMES, WHOLE, by_account, close, total_of

from aggregator.kernel.arrays import Bookings, Chunk, Window
from aggregator.kernel.attribution import attribute
from aggregator.kernel.job_use import LATE_MS
from aggregator.kernel.timeline import OVERTIME_MS
from collectors.unwrap import Limits, advance, first, modulus_uj
from maxwatt.domain.energy import Account
from maxwatt.domain.units import DAY_MS

# -- a real sample more or less -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Two:
    """Two neighbouring intervals of one node, between its rows a, b and c, in which nobody's holdings change."""

    node: int
    rows: tuple[int, int, int]
    ts_ms: tuple[int, int, int]

    @property
    def window(self) -> Window:
        return Window(np.array([self.ts_ms[0], self.ts_ms[2]], np.int64), MAX_GAP_MS)

    def rises(self, counter: np.ndarray) -> np.ndarray:
        """By how much a counter of the node rose in each of the two."""
        return np.diff(counter[list(self.rows)])


@settings(max_examples=120 * TIMES)
@given(clusters(), st.floats(0.0, 1.0), st.booleans())
def test_a_real_sample_keeps_the_sums_and_shifts_dynamic_energy_by_the_formula(
    world: Cluster, where: float, users_too: bool
) -> None:
    """Without the reading between two intervals a job is charged `(e1 - e2) * U1 * U2 / (U1 + U2) * (s1 - s2)` less.

    That is where the reading moves nothing from static to dynamic; where it does, the sum of both is kept.
    """
    chunk = _all_read(world)
    two = _two_intervals(chunk, where)
    assume(two is not None)
    assert two is not None
    finer, coarser = (attribute(each, two.window)[0] for each in (chunk, _without_the_middle(chunk, two, users_too)))
    a, b, energy_j = by_account(finer, chunk), by_account(coarser, chunk), total_of(finer)
    for component in (CPU, DRAM):
        kept = [booked.energy_j[booked.node == two.node, component].sum() for booked in (finer, coarser)]
        close(kept[0], kept[1], energy_j)
        shift = _shift(chunk, two, component)
        for key in a.keys() | b.keys() if shift is not None else ():
            nothing = np.zeros((4, 2))
            found = (a.get(key, nothing) - b.get(key, nothing))[component, DYNAMIC]
            close(found, shift.get(key, 0.0), energy_j)


def _all_read(world: Cluster) -> Chunk:
    """Every job is read whole and works unevenly; nodes are busy for longer than all users: `U` is the busy time."""
    how = tuple(replace(each, missing=0.0, busy_factor=1.05) for each in world.metering)
    read = tuple(replace(job, readable=True, lost_tail_s=0, total_cpu=None, late_s=0) for job in world.jobs)
    chunk = cluster(how, read, world.seed).chunk
    job, rng = chunk.job, np.random.default_rng(world.seed)
    goes_on = (np.diff(job.node) == 0) & (np.diff(job.job_id) == 0) & (np.diff(job.cpu_s) >= 0)
    idled_s = np.cumsum(np.append(0.0, np.diff(job.cpu_s) * rng.random(len(goes_on)) * goes_on)[: len(job.cpu_s)])
    opens = np.flatnonzero(np.append(True, ~goes_on)[: len(job.cpu_s)])
    before_s = np.repeat(idled_s[opens], np.diff(np.append(opens, len(idled_s))))
    return replace(chunk, job=replace(job, cpu_s=job.cpu_s - (idled_s - before_s)))


def _two_intervals(chunk: Chunk, where: float) -> Two | None:
    node, lives = chunk.node, chunk.lives
    a = np.arange(max(len(node.ts_ms) - 2, 0))
    same = (node.node[a] == node.node[a + 2]) & (node.epoch_id[a] == node.epoch_id[a + 2])
    good = same & (node.ts_ms[a + 2] - node.ts_ms[a] <= MAX_GAP_MS)
    for name in ("cpu_busy_s", "cpu_energy_j", "dram_energy_j", "cpu_modelled_j"):
        step = np.diff(getattr(node, name))
        absent = np.isnan(getattr(node, name))
        good &= (absent[a] & absent[a + 1] & absent[a + 2]) | (np.minimum(step[a], step[a + 1]) >= 0)
    spans = chunk.suspensions
    changes = [(life, int(at)) for life in range(len(lives.job)) for at in _moments(lives, life)]
    for each in (spans.start_ms, spans.end_ms):
        changes += zip(spans.life.tolist(), each.tolist(), strict=True)
    for life, at in changes:
        good &= (node.node[a] != lives.node[life]) | (at <= node.ts_ms[a]) | (at >= node.ts_ms[a + 2])
    found = a[good]
    if not len(found):
        return None
    row = int(found[int(where * (len(found) - 1))])
    rows = (row, row + 1, row + 2)
    return Two(int(node.node[row]), rows, tuple(node.ts_ms[list(rows)].tolist()))


def _moments(lives: Any, life: int) -> tuple[int, ...]:
    end = min(int(lives.end_ms[life]), 2**62)
    return (int(lives.start_ms[life]), end, end + OVERTIME_MS, end + LATE_MS)


def _without_the_middle(chunk: Chunk, two: Two, users_too: bool) -> Chunk:
    def dropped(rows: Any) -> Any:
        return taken(rows, (rows.node != two.node) | (rows.ts_ms != two.ts_ms[1]))

    others = {name: dropped(getattr(chunk, name)) for name in ("job", "session")} if users_too else {}
    return replace(chunk, node=dropped(chunk.node), **others)


def _shift(chunk: Chunk, two: Two, component: int) -> dict[tuple[int, int, int, int], float] | None:
    """The formula, from the samples alone, for every account; None where one interval is split in another way."""
    idle, node = chunk.idle, chunk.node
    counter, idle_w = {
        CPU: (np.where(np.isnan(node.cpu_energy_j), node.cpu_modelled_j, node.cpu_energy_j), idle.cpu_w),
        DRAM: (node.dram_energy_j, idle.dram_w),
    }[component]
    days = [min(max((at - idle.first_day_ms) // DAY_MS, 0), idle.cpu_w.shape[1] - 1) for at in two.ts_ms[:2]]
    base_w = np.nan_to_num(idle_w[two.node, days])
    energy, seconds, busy = two.rises(counter), two.rises(node.monotonic_s), two.rises(node.cpu_busy_s)
    static = np.minimum(energy, base_w * seconds)
    whole = min(energy.sum(), base_w[0] * seconds.sum())
    if np.isnan(energy).any() or not (busy > 0).all() or abs(static.sum() - whole) > 1e-12 * max(energy.sum(), 1):
        return None
    (e1, e2), (u1, u2) = (energy - static) / busy, busy
    used = _used(chunk, two)
    used[(Account.SYSTEM, -1, -1, two.node)] = busy - sum(used.values(), np.zeros(2))
    return {key: (e1 - e2) * u1 * u2 / (u1 + u2) * (own[0] / u1 - own[1] / u2) for key, own in used.items()}


def _used(chunk: Chunk, two: Two) -> dict[tuple[int, int, int, int], np.ndarray]:
    """CPU seconds [2 intervals] of jobs that live through both and of logins, by account."""
    lives, found = chunk.lives, {}
    for life in range(len(lives.job)):
        if lives.node[life] == two.node and lives.start_ms[life] <= two.ts_ms[0] and lives.end_ms[life] >= two.ts_ms[2]:
            rows = taken(chunk.job, (chunk.job.node == two.node) & (chunk.job.job_id == lives.job_id[life]))
            found[Account.JOB, int(lives.job[life]), -1, two.node] = _steps(rows, two)
    for uid in np.unique(chunk.session.uid).tolist():
        rows = taken(chunk.session, (chunk.session.node == two.node) & (chunk.session.uid == uid))
        found[Account.SESSION, -1, uid, two.node] = _steps(rows, two)
    return found


def _steps(rows: Any, two: Two) -> np.ndarray:
    """A rise counts only between two rows, and none of a counter that fell: a login had ended."""
    at = {int(ts): float(cpu) for ts, cpu in zip(rows.ts_ms, rows.cpu_s, strict=True)}
    a, b, c = (at.get(ts, np.nan) for ts in two.ts_ms)
    return np.nan_to_num(np.array([b - a, c - b]))


# -- wraps, gaps, reboots -----------------------------------------------------------------------------------------

MODULUS_UJ = modulus_uj(262_143_328_850)
WRAPPING = Limits(MODULUS_UJ, p_max_w=220.0)


@settings(max_examples=60 * TIMES)
@given(clusters(), st.integers(0, MODULUS_UJ - 1))
def test_counters_that_wrap_are_exact_to_one_count(world: Cluster, begin_uj: int) -> None:
    """What the agent makes of raw counters is what they counted, and every account gets what it got of those.

    In an hour the packages go round once or twice; across gaps and lost readings too.
    """
    how = tuple(replace(each, cpu="counter", drop_s=None, missed_wrap_s=None) for each in world.metering)
    chunk = cluster(how, world.jobs, world.seed).chunk
    node = chunk.node
    wrapped = {name: _unwrapped(chunk, getattr(node, name), begin_uj) for name in ("cpu_energy_j", "dram_energy_j")}
    a, b = (attribute(each, WHOLE)[0] for each in (chunk, replace(chunk, node=replace(node, **wrapped))))
    count_j, (found, wanted) = 2e-6 * len(node.ts_ms), (by_account(each, chunk) for each in (b, a))
    for key in found.keys() | wanted.keys():
        nothing = np.zeros((4, 2))
        np.testing.assert_allclose(
            found.get(key, nothing), wanted.get(key, nothing), rtol=0, atol=count_j + 1e-9 * total_of(a)
        )


def _unwrapped(chunk: Chunk, counter_j: np.ndarray, begin_uj: int) -> np.ndarray:
    """A counter of whole µJ that begins anywhere and wraps, through the agent's arithmetic; each boot begins anew."""
    node, found, reading, before, lost_uj = chunk.node, np.full(len(counter_j), np.nan), None, None, 0
    for row in np.flatnonzero(~np.isnan(counter_j)).tolist():
        true_uj = begin_uj + int(counter_j[row] * 1e6)
        entity = (int(node.node[row]), int(node.epoch_id[row]))
        raw_uj, at_s = true_uj % MODULUS_UJ, float(node.monotonic_s[row])
        after = first(raw_uj, at_s) if entity != before else advance(reading, raw_uj, at_s, WRAPPING)
        assert after is not None
        lost_uj = true_uj - raw_uj if entity != before else lost_uj
        assert after.total_uj + lost_uj == true_uj, "exact: not one count more or less"
        reading, before, found[row] = after, entity, after.total_uj / 1e6
    return found


@settings(max_examples=80 * TIMES)
@given(clusters())
def test_accounts_sum_to_what_consecutive_readings_show_whatever_happens(world: Cluster) -> None:
    """Lost readings are bridged; across a reboot, a counter that falls or a long gap nothing was measured."""
    booked, _ = attribute(world.chunk, WHOLE)
    node, gpu = world.chunk.node, world.chunk.gpu
    for number, how in enumerate(world.metering):
        mine, model = node.node == number, MODELS[how.model]
        if how.cpu != "both":
            counter = node.cpu_modelled_j if how.cpu == "model" else node.cpu_energy_j
            close(_booked(booked, number, CPU), _counted(node, counter, mine), total_of(booked))
        close(_booked(booked, number, DRAM), _counted(node, node.dram_energy_j, mine), total_of(booked))
        if how.gpus != "both":
            boards = [(gpu.node == number) & (gpu.gpu == board) for board in range(GPUS)]
            counted = sum(_counted(gpu, gpu.energy_j, each) for each in boards)
            low_w, high_w = model.gpu_idle_w, model.gpu_max_w or np.inf
            powered = sum(_integrated(gpu, gpu.power_w, each, low_w, high_w) for each in boards)
            close(_booked(booked, number, GPU), counted + powered, total_of(booked))


def _booked(booked: Bookings, node: int, component: int) -> float:
    return float(booked.energy_j[booked.node == node, component].sum())


def _pairs(rows: Any, values: np.ndarray, mine: np.ndarray) -> list[tuple[int, int]]:
    """Rows of consecutive good readings of one entity that belong together."""
    good = np.flatnonzero(mine & ~np.isnan(values)).tolist()
    return [
        (a, b)
        for a, b in pairwise(good)
        if rows.epoch_id[a] == rows.epoch_id[b] and rows.ts_ms[b] - rows.ts_ms[a] <= MAX_GAP_MS
    ]


def _counted(rows: Any, counter: np.ndarray, mine: np.ndarray) -> float:
    steps = (float(counter[b] - counter[a]) for a, b in _pairs(rows, counter, mine))
    return sum(step for step in steps if step >= 0)


def _integrated(rows: Any, watts: np.ndarray, mine: np.ndarray, low_w: float, high_w: float) -> float:
    """Trapezoids; over more than the gap the mean stays between two powers."""
    total_j = 0.0
    for a, b in _pairs(rows, watts, mine):
        mean_w = float(watts[a] + watts[b]) / 2
        if rows.ts_ms[b] - rows.ts_ms[a] > WHOLE.power_gap_ms:
            mean_w = min(max(mean_w, low_w), high_w)
        total_j += mean_w * float(rows.monotonic_s[b] - rows.monotonic_s[a])
    return total_j
