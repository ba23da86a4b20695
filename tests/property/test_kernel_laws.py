"""The laws of the attribution, on generated clusters. Exact means within 1e-9 * max(E, 1 J)."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from clusters import (
    EMPTY,
    FOREVER,
    GPUS,
    MAX_GAP_MS,
    MODELS,
    NODE_CPUS,
    RUN_S,
    T0,
    Cluster,
    Job,
    Metering,
    cluster,
    clusters,
    cropped,
    gpu_shares_of,
    lives_of,
    sorted_jobs,
    suspensions_of,
    taken,
    whole_window,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laws import (
    CPU,
    DRAM,
    DYNAMIC,
    GPU,
    MARGIN_MS,
    REST,
    STATIC,
    TIMES,
    WHOLE,
    by_account,
    close,
    energy_of,
    moments,
    same_accounts,
    same_as_measured,
    total_of,
)

from aggregator.kernel.arrays import (
    NO_SESSIONS,
    NO_STATES,
    Bookings,
    Chunk,
    JobEnergy,
    JobSamples,
    Lives,
    NodeTraits,
    Window,
)
from aggregator.kernel.attribution import attribute, energy_of_jobs
from aggregator.kernel.job_use import LATE_MS
from aggregator.kernel.timeline import OVERTIME_MS
from aggregator.pipeline.embodied import embodied_g
from maxwatt.domain.energy import COMPONENTS, EVIDENCE, IDLE_ACCOUNTS, Account, Evidence

POWER_GAP_MS = WHOLE.power_gap_ms
SLOT_MS = 300_000


# -- every joule once ---------------------------------------------------------------------------------------------


@settings(max_examples=120 * TIMES)
@given(clusters(), moments)
def test_accounts_sum_to_the_measured_energy(world: Cluster, inner: list[float]) -> None:
    window = whole_window(*inner)
    booked, measured = attribute(world.chunk, window)
    same_as_measured(booked, measured)


@settings(max_examples=120 * TIMES)
@given(clusters(), moments)
def test_figures_are_figures(world: Cluster, inner: list[float]) -> None:
    booked, measured = attribute(world.chunk, whole_window(*inner))
    for values in (booked.energy_j, booked.evidence_j, measured.energy_j, booked.held_s, booked.covered_s):
        assert np.isfinite(values).all()
    assert (np.isfinite(booked.uncertainty) & (booked.uncertainty >= 0)).all()
    close(booked.evidence_j.sum(axis=1), booked.energy_j.sum(axis=(1, 2)), total_of(booked))
    lost = booked.account == Account.UNATTRIBUTED
    assert (booked.energy_j[~lost] >= -1e-9 * max(total_of(booked), 1)).all()
    assert not booked.energy_j[lost][:, [CPU, DRAM, GPU]].any()
    assert (booked.covered_s <= booked.held_s + 1e-6).all()
    assert ((booked.life >= 0) == (booked.account == Account.JOB)).all()
    assert ((booked.uid >= 0) == (booked.account == Account.SESSION)).all()
    assert (booked.energy_j[booked.account == Account.SESSION][..., STATIC] == 0).all()
    known = ~np.isnan(booked.waste_j)
    assert (booked.waste_j[known] >= 0).all()
    static = booked.energy_j[:, [CPU, DRAM, GPU], STATIC].sum(axis=1)
    assert (booked.waste_j[known] <= static[known] + 1e-9 * max(total_of(booked), 1)).all()
    assert np.isnan(booked.waste_j[booked.life < 0]).all()


@settings(max_examples=60 * TIMES)
@given(clusters(), moments)
def test_jobs_and_idle_share_the_covered_time_of_a_node(world: Cluster, inner: list[float]) -> None:
    booked, measured = attribute(world.chunk, whole_window(*inner))
    sums = np.zeros_like(measured.covered_s)
    np.add.at(sums, (booked.node, booked.bucket), booked.share_s)
    np.testing.assert_allclose(sums, measured.covered_s, rtol=1e-9, atol=1e-9)
    assert (booked.share_s >= 0).all()
    models = [replace(traits.model, embodied_kg=3000.0, lifetime_years=5.0) for traits in world.chunk.nodes]
    embodied = embodied_g(booked, whole_window(*inner), models)
    close(embodied.sum(), 3e6 * measured.covered_s.sum() / (5 * 365.25 * 86400), 1.0)
    outside = np.array([traits.outside for traits in world.chunk.nodes])[booked.node]
    nothing = np.isin(booked.account, [Account.UNATTRIBUTED, Account.SESSION])
    assert (booked.share_s[nothing | ((booked.account == Account.SYSTEM) & ~outside)] == 0).all()


FIGURES = [
    *("energy_j", "evidence_j", "waste_j", "cpu_used_s", "cpu_reserved_s", "held_s", "covered_s", "share_s"),
    *("memory_peak_bytes", "uncertainty"),
]
JOULES = 8 + len(EVIDENCE) + 1
"""So many values of a row are joules: those of the first three figures."""


@settings(max_examples=80 * TIMES)
@given(clusters(), moments, st.floats(0, RUN_S))
def test_every_figure_of_a_row_is_the_same_however_the_buckets_are_computed(
    world: Cluster, inner: list[float], cut_s: float
) -> None:
    """All buckets at once, or those before and after a cut in runs of their own: unknown stays unknown."""
    window = whole_window(*inner, cut_s)
    whole, _ = attribute(world.chunk, window)
    cut, edges = T0 + round(cut_s * 1000), window.edges_ms
    parts: dict[tuple[int, ...], np.ndarray] = {}
    for some in (edges[edges <= cut], edges[edges >= cut]):
        chunk = cropped(world.chunk, int(some[0]) - MARGIN_MS, int(some[-1]) + MARGIN_MS)
        booked, _ = attribute(chunk, Window(some, MAX_GAP_MS))
        parts |= figures_by_row(booked, chunk, some)
    found = figures_by_row(whole, world.chunk, edges)
    assert found.keys() == parts.keys()
    for key, figures in found.items():
        close(parts[key][:JOULES], figures[:JOULES], total_of(whole))
        np.testing.assert_allclose(parts[key][JOULES:], figures[JOULES:], rtol=1e-6, atol=1e-9)


def figures_by_row(booked: Bookings, chunk: Chunk, edges: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """All figures of each row, energy first, by account, job, user, node and the bucket's start."""
    jobs = np.where(booked.life >= 0, np.append(chunk.lives.job, -1)[booked.life], -1)
    keys = zip(
        *(each.tolist() for each in (booked.account, jobs, booked.uid, booked.node, edges[booked.bucket])), strict=True
    )
    figures = [np.concatenate([np.ravel(getattr(booked, name)[row]) for name in FIGURES]) for row in range(len(jobs))]
    return dict(zip(map(tuple, keys), figures, strict=True))


def counter_difference(values: np.ndarray) -> float:
    good = values[~np.isnan(values)]
    return float(good[-1] - good[0]) if len(good) > 1 else 0.0


def trapezoids(watts: np.ndarray, seconds: np.ndarray) -> float:
    good = ~np.isnan(watts)
    return float(np.trapezoid(watts[good], seconds[good])) if good.sum() > 1 else 0.0


@settings(max_examples=80 * TIMES)
@given(clusters(steady=True), moments)
def test_accounts_sum_to_the_plain_differences_of_the_counters(world: Cluster, inner: list[float]) -> None:
    booked, _ = attribute(world.chunk, whole_window(*inner))
    sums = np.zeros((len(world.metering), len(COMPONENTS)))
    np.add.at(sums, booked.node, booked.energy_j.sum(axis=2))
    node, gpu = world.chunk.node, world.chunk.gpu
    for number, how in enumerate(world.metering):
        on = node.node == number
        counter = node.cpu_modelled_j if how.cpu == "model" else node.cpu_energy_j
        if how.cpu != "both":  # bridged by two counters: no plain difference
            close(sums[number, CPU], counter_difference(counter[on]), total_of(booked))
        close(sums[number, DRAM], counter_difference(node.dram_energy_j[on]), total_of(booked))
        boards = 0.0
        for index in range(GPUS):
            mine = (gpu.node == number) & (gpu.gpu == index)
            boards += (
                trapezoids(gpu.power_w[mine], gpu.monotonic_s[mine])
                if how.gpus == "power"
                else counter_difference(gpu.energy_j[mine])
            )
        close(sums[number, GPU], boards, total_of(booked))


@settings(max_examples=80 * TIMES)
@given(clusters(steady=True))
def test_all_accounts_sum_to_the_whole_node_meter(world: Cluster) -> None:
    """From the last reading of the first 5-minute slot to the last of the last one."""
    metered = [n for n, how in enumerate(world.metering) if how.meter != "none" and how.cpu != "both"]
    assume(metered)
    node = world.chunk.node
    for number in metered:
        how, on = world.metering[number], node.node == number
        values = (node.meter_energy_j if how.meter == "counter" else node.meter_power_w)[on]
        good = ~np.isnan(values)
        ts, seconds, values = node.ts_ms[on][good], node.monotonic_s[on][good], values[good]
        last_of_slot = np.flatnonzero(np.diff(ts // SLOT_MS, append=FOREVER))
        first, last = last_of_slot[0], last_of_slot[-1]
        assume(last > first)
        span = slice(first, last + 1)
        whole = counter_difference(values[span]) if how.meter == "counter" else trapezoids(values[span], seconds[span])
        booked, _ = attribute(world.chunk, Window(np.array([ts[first], ts[last]]), MAX_GAP_MS))
        mine = booked.energy_j[booked.node == number].sum(axis=(0, 2))
        included = mine.sum() if MODELS[how.model].meter_includes_gpus else mine.sum() - mine[GPU]
        close(included, whole, total_of(booked))


@settings(max_examples=80 * TIMES)
@given(clusters(), st.floats(0.0, 1.0))
def test_all_accounts_sum_to_the_whole_node_meter_whatever_else_was_not_read(world: Cluster, where: float) -> None:
    """Between the last readings of two successive slots, as long as the meter itself was read in between."""
    node = world.chunk.node
    for number, how in enumerate(world.metering):
        if how.meter not in ("counter", "power"):
            continue
        on = node.node == number
        values = (node.meter_energy_j if how.meter == "counter" else node.meter_power_w)[on]
        good = ~np.isnan(values)
        ts, seconds, values = node.ts_ms[on][good], node.monotonic_s[on][good], values[good]
        joined = (np.diff(node.epoch_id[on][good]) == 0) & (np.diff(ts) <= POWER_GAP_MS)
        joined &= (np.diff(values) >= 0) | (how.meter == "power")
        last_of_slot = np.flatnonzero(np.diff(ts // SLOT_MS, append=FOREVER))
        pairs = [(a, b) for a, b in pairwise(last_of_slot.tolist()) if joined[a:b].all()]
        if not pairs:
            continue
        a, b = pairs[int(where * (len(pairs) - 1))]
        span = slice(a, b + 1)
        whole = counter_difference(values[span]) if how.meter == "counter" else trapezoids(values[span], seconds[span])
        booked, _ = attribute(world.chunk, Window(np.array([ts[a], ts[b]]), MAX_GAP_MS))
        mine = booked.energy_j[booked.node == number].sum(axis=(0, 2))
        included = mine.sum() if MODELS[how.model].meter_includes_gpus else mine.sum() - mine[GPU]
        close(included, whole, total_of(booked))


@given(clusters(steady=True), st.sampled_from([500, 2000]))
def test_what_the_agents_model_decided_is_booked_as_modelled(world: Cluster, at_s: int) -> None:
    how = tuple(replace(each, missed_wrap_s=at_s, cpu="counter", meter="none") for each in world.metering)
    chunk = cluster(how, world.jobs, world.seed).chunk
    booked, _ = attribute(chunk, WHOLE)
    modelled_j = booked.evidence_j[:, EVIDENCE.index(Evidence.MODELLED)]
    for number in range(len(how)):
        told = chunk.node.cpu_estimated_j[chunk.node.node == number]
        if np.nanmax(told) > 1.0:  # else nothing was drawn in that step
            assert modelled_j[booked.node == number].sum() >= np.nanmax(told) - 1e-6


# -- windows, samples, order --------------------------------------------------------------------------------------


@settings(max_examples=100 * TIMES)
@given(clusters(), moments)
def test_any_partition_into_windows_gives_the_same(world: Cluster, inner: list[float]) -> None:
    whole, _ = attribute(world.chunk, WHOLE)
    edges = whole_window(*inner).edges_ms
    parts: dict[Any, np.ndarray] = {}
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        chunk = cropped(world.chunk, low - MARGIN_MS, high + MARGIN_MS)
        booked, measured = attribute(chunk, Window(np.array([low, high]), MAX_GAP_MS))
        same_as_measured(booked, measured)
        for key, energy in by_account(booked, chunk).items():
            parts[key] = parts.get(key, 0.0) + energy
    same_accounts(parts, by_account(whole, world.chunk), total_of(whole))


@given(clusters(), moments)
def test_buckets_of_one_window_sum_to_the_window(world: Cluster, inner: list[float]) -> None:
    whole, _ = attribute(world.chunk, WHOLE)
    cut, _ = attribute(world.chunk, whole_window(*inner))
    same_accounts(by_account(cut, world.chunk), by_account(whole, world.chunk), total_of(whole))


@settings(max_examples=100 * TIMES)
@given(clusters(), moments)
def test_the_energy_of_jobs_by_itself_is_what_is_booked(world: Cluster, inner: list[float]) -> None:
    window = whole_window(*inner)
    booked, _ = attribute(world.chunk, window)
    energy = energy_of_jobs(world.chunk, window)
    of_jobs, of_energy = booked.account == Account.JOB, (energy.covered_s > 0) | (energy.energy_j != 0).any(axis=(1, 2))
    said = {key: row for row, key in _keys(booked) if of_jobs[row]}
    own = {key: row for row, key in _keys(energy)}
    assert {key for key, row in own.items() if of_energy[row]} <= said.keys() <= own.keys()
    rows, same = list(said.values()), [own[key] for key in said]
    for name in ("energy_j", "cpu_used_s", "covered_s"):
        np.testing.assert_array_equal(getattr(energy, name)[same], getattr(booked, name)[rows])


def _keys(rows: Bookings | JobEnergy) -> Iterator[tuple[int, tuple[int, int]]]:
    return enumerate(zip(rows.life.tolist(), rows.bucket.tolist(), strict=True))


@given(clusters(), st.floats(0.0, 1.0), st.floats(0.1, 0.9), st.booleans())
def test_a_sample_on_the_interpolant_changes_nothing(
    world: Cluster, where: float, share: float, jobs_too: bool
) -> None:
    """Inside an interval in which no job begins or ends: there the counters are straight lines.

    Between two readings of a power the method knows one mean power: a power in between is never on its line.
    """
    chunk = world.chunk
    spot = _interval_without_changes(chunk, where)
    assume(spot is not None)
    assert spot is not None
    before, _ = attribute(chunk, WHOLE)
    after, _ = attribute(_with_interpolated(chunk, *spot, share, jobs_too), WHOLE)
    same_accounts(by_account(after, chunk), by_account(before, chunk), total_of(before))


def _interval_without_changes(chunk: Chunk, where: float) -> tuple[int, int] | None:
    """Two neighbouring complete node rows, whose time and slot no job's edge and no missing value touches."""
    node, lives = chunk.node, chunk.lives
    values = np.column_stack([getattr(node, each.name) for each in fields(node)][4:])
    present = ~np.isnan(values)
    a = np.arange(len(node.ts_ms) - 1)
    good = (node.node[1:] == node.node[:-1]) & (node.epoch_id[1:] == node.epoch_id[:-1])
    good &= (node.ts_ms[1:] // SLOT_MS == node.ts_ms[:-1] // SLOT_MS) & (present[1:] == present[:-1]).all(axis=1)
    changes = [(life, at) for life in range(len(lives.job)) for at in _moments_of(lives, life)]
    spans = chunk.suspensions
    changes += [
        (life, at) for each in (spans.start_ms, spans.end_ms) for life, at in zip(spans.life, each, strict=True)
    ]
    for life, at in changes:
        good &= (lives.node[life] != node.node[:-1]) | (node.ts_ms[:-1] >= at) | (node.ts_ms[1:] <= at)
    drops = np.diff(np.where(present, values, 0.0), axis=0)[:, :7].min(axis=1, initial=0.0) < 0
    found = a[good & ~drops]
    return (int(found[int(where * (len(found) - 1))]), 0) if len(found) else None


def _moments_of(lives: Lives, life: int) -> tuple[int, ...]:
    """Start, end, the second that Slurm cuts off, and the last moment at which a sample may still be the job's."""
    end = min(int(lives.end_ms[life]), FOREVER - LATE_MS)
    return (int(lives.start_ms[life]), end, end + OVERTIME_MS, end + LATE_MS)


def _with_interpolated(chunk: Chunk, row: int, _: int, share: float, jobs_too: bool) -> Chunk:
    node = chunk.node
    number, low, high = int(node.node[row]), int(node.ts_ms[row]), int(node.ts_ms[row + 1])
    at = low + max(1, min(int((high - low) * share), high - low - 1))
    share = (at - low) / (high - low)

    def insert(rows: Any, order: tuple[str, ...], mine: np.ndarray) -> Any:
        """For each entity with rows at both times one more in between."""
        first = np.flatnonzero(mine & (rows.ts_ms == low))
        second = np.flatnonzero(mine & (rows.ts_ms == high))
        second = second[: len(first)] if len(first) == len(second) else np.zeros(0, np.int64)
        first = first[: len(second)]
        columns = {}
        for each in fields(rows):
            values = getattr(rows, each.name)
            between = values[first] + (values[second] - values[first]) * share
            columns[each.name] = np.append(values, between if values.dtype == np.float64 else values[first])
        columns["ts_ms"][len(rows.ts_ms) :] = at
        for name in columns.keys() & {"power_w", "meter_power_w"}:
            columns[name][len(rows.ts_ms) :] = np.nan
        new = type(rows)(**columns)
        return taken(new, np.lexsort(tuple(getattr(new, name) for name in reversed(order))))

    job = chunk.job
    return replace(
        chunk,
        node=insert(node, ("node", "ts_ms"), node.node == number),
        gpu=insert(chunk.gpu, ("node", "gpu", "ts_ms"), chunk.gpu.node == number),
        job=insert(job, ("node", "job_id", "ts_ms"), job.node == number) if jobs_too else job,
        session=insert(chunk.session, ("node", "uid", "ts_ms"), chunk.session.node == number),
    )


@given(clusters(), st.integers(0, 2**31))
def test_order_and_duplicates_change_nothing(world: Cluster, seed: int) -> None:
    rng, chunk = np.random.default_rng(seed), world.chunk

    def mixed(rows: Any) -> Any:
        count = len(rows.ts_ms)
        again = np.flatnonzero(rng.random(count) < 0.2)
        return taken(rows, rng.permutation(np.concatenate([np.arange(count), again])))

    shuffled = replace(chunk, **{name: mixed(getattr(chunk, name)) for name in ("node", "gpu", "job", "session")})
    window = whole_window(900, 1800)
    a, b = attribute(chunk, window)[0], attribute(shuffled, window)[0]
    for each in fields(Bookings):
        np.testing.assert_array_equal(getattr(a, each.name), getattr(b, each.name))


@given(clusters())
def test_a_second_run_is_identical(world: Cluster) -> None:
    (a, m), (b, n) = attribute(world.chunk, WHOLE), attribute(world.chunk, WHOLE)
    for each in fields(Bookings):
        assert getattr(a, each.name).tobytes() == getattr(b, each.name).tobytes()
    assert m.energy_j.tobytes() == n.energy_j.tobytes()


@given(clusters(), moments)
def test_logins_take_from_the_system_what_they_used_and_nothing_else(world: Cluster, inner: list[float]) -> None:
    """Where all jobs could be read and nodes were busy for longer than all users, static energy and jobs stay as is."""
    how = tuple(replace(each, busy_factor=1.05, missing=0.0, gap_s=None, drop_s=None) for each in world.metering)
    read = tuple(replace(job, readable=True, lost_tail_s=0, total_cpu=None, late_s=0) for job in world.jobs)
    chunk = cluster(how, tuple(job for job in read if not job.twin), world.seed).chunk
    assume(not _unread(chunk))
    window = whole_window(*inner)
    logged, plain = (attribute(each, window)[0] for each in (chunk, replace(chunk, session=NO_SESSIONS)))
    joined = replace(
        logged,
        account=np.where(logged.account == Account.SESSION, Account.SYSTEM, logged.account),
        uid=np.full(len(logged.uid), -1),
    )
    same_accounts(by_account(joined, chunk), by_account(plain, chunk), total_of(plain))


def _unread(chunk: Chunk) -> bool:
    """Whether a job lived without a sample, or on after its last: what it used there is guessed from the rest."""
    lives, job = chunk.lives, chunk.job
    for life in range(len(lives.job)):
        mine = job.ts_ms[(job.node == lives.node[life]) & (job.job_id == lives.job_id[life])]
        if not len(mine) or mine[-1] < min(int(lives.end_ms[life]), chunk.node.ts_ms[-1]) or lives.start_ms[life] < T0:
            return True
    return False


@given(clusters(), moments)
def test_states_of_nodes_split_idle_and_nothing_else(world: Cluster, inner: list[float]) -> None:
    window, plain = whole_window(*inner), replace(world.chunk, states=NO_STATES)
    split, whole = attribute(world.chunk, window)[0], attribute(plain, window)[0]
    joined = replace(split, account=np.where(np.isin(split.account, IDLE_ACCOUNTS), Account.IDLE, split.account))
    same_accounts(by_account(joined, world.chunk), by_account(whole, plain), total_of(whole))
    idle_s = [rows.held_s[np.isin(rows.account, IDLE_ACCOUNTS)].sum() for rows in (split, whole)]
    close(idle_s[0], idle_s[1], idle_s[1])


@given(clusters())
def test_what_accounting_says_moves_cpu_seconds_between_jobs_and_the_system_only(world: Cluster) -> None:
    """Tails and guesses never exceed what the node used: static energy, logins and the sum of jobs and system stay."""
    logins = ((1001, -300, 9000, 0.2),)  # with missing=0 there is a price for each interval of the busy time
    how = tuple(replace(each, missing=0.0, logins=logins) for each in world.metering)
    chunk = cluster(how, world.jobs, world.seed).chunk
    silent = replace(chunk, lives=replace(chunk.lives, total_cpu_s=np.full(len(chunk.lives.job), np.nan)))
    told, guessed = (_settled(attribute(each, WHOLE)[0]) for each in (chunk, silent))
    for key in told.keys() | guessed.keys():
        close(told.get(key, 0.0), guessed.get(key, 0.0), sum(float(each.sum()) for each in told.values()))


@given(clusters(), st.integers(-300, 3000), st.integers(1, 600), st.integers(1, 8), st.booleans())
def test_a_total_cpu_that_cannot_be_takes_no_more_from_others(
    world: Cluster, start_s: int, length_s: int, cpus: int, readable: bool
) -> None:
    """Ten times what its CPUs can deliver or a thousand times: what jobs get of which the truth is told is the same."""
    own = Job((0,), start_s, length_s, cpus, readable=readable)
    beside = Job((0,), start_s, length_s, 3, readable=False)  # billed by TotalCPU as well
    how = tuple(replace(each, missing=0.0, gap_s=None) for each in world.metering)
    chunk = cluster(how, (own, beside, *map(_told, world.jobs)), world.seed).chunk
    deliver_s, totals_s = cpus * (length_s + 1.0), chunk.lives.total_cpu_s
    chunks = [
        replace(chunk, lives=replace(chunk.lives, total_cpu_s=np.append(times * deliver_s, totals_s[1:])))
        for times in (10, 1000)
    ]
    a, b = (attribute(each, WHOLE)[0] for each in chunks)
    for job in np.unique(chunk.lives.job[1:]).tolist():
        close(energy_of(b, chunk, job), energy_of(a, chunk, job), total_of(a))
    assert energy_of(b, chunk, 0).sum() >= energy_of(a, chunk, 0).sum() - 1e-9 * max(total_of(a), 1.0)


def _told(job: Job) -> Job:
    """The job on one node, read to its end, with a TotalCPU that is true."""
    return replace(
        job, nodes=job.nodes[:1], readable=True, lost_tail_s=0, total_cpu=1.0, busy=min(job.busy, 1.0), twin=False,
        goes_on=False,
    )  # fmt: skip


def _settled(booked: Bookings) -> dict[tuple[int, ...], np.ndarray]:
    """Static energy by node, account and life; dynamic with the jobs and the system of a node as one."""
    found: dict[tuple[int, ...], np.ndarray] = {}
    for row, account in enumerate(booked.account.tolist()):
        place = int(booked.node[row])
        static = (STATIC, place, account, int(booked.life[row]))
        whose = (-1, -1) if account in (Account.JOB, Account.SYSTEM) else (account, int(booked.uid[row]))
        for key, part in ((static, STATIC), ((DYNAMIC, place, *whose), DYNAMIC)):
            found[key] = found.get(key, 0.0) + booked.energy_j[row, :, part]
    return found


@given(clusters(), moments)
def test_a_job_that_cannot_be_read_gets_no_more_than_its_cpus_deliver(world: Cluster, inner: list[float]) -> None:
    blind = tuple(replace(job, readable=False, total_cpu=None, goes_on=False) for job in world.jobs)
    chunk = cluster(world.metering, blind, world.seed).chunk
    booked, _ = attribute(chunk, whole_window(*inner))
    told = ~np.isnan(booked.cpu_used_s) & (booked.life >= 0)
    assert (booked.cpu_used_s[told] <= booked.cpu_reserved_s[told] * (1 + 1e-9) + 1e-9).all()


@given(clusters(), st.sampled_from([1e9, 3e9, 7e9]))
def test_memory_held_decides_static_energy_of_memory_and_rest_only(world: Cluster, more: float) -> None:
    chunk = world.chunk
    known = chunk.lives.memory_bytes > 0  # where it is not known the CPUs stand in for it
    other = replace(chunk.lives, memory_bytes=chunk.lives.memory_bytes + more * known)
    before, after = (attribute(each, WHOLE)[0] for each in (chunk, replace(chunk, lives=other)))
    a, b = by_account(before, chunk), by_account(after, chunk)
    for each in (*a.values(), *b.values()):
        each[[DRAM, REST], STATIC] = 0.0
    same_accounts(a, b, total_of(before))


# -- fairness -----------------------------------------------------------------------------------------------------

PLAIN = Metering(meter="counter", missing=0.03)


@settings(max_examples=80 * TIMES)
@given(
    clusters(most_jobs=5), st.integers(-600, 3000), st.integers(60, 3000), st.sampled_from([None, (20, 90)]),
    st.booleans(), st.sampled_from([((1, 1.0), (2, 1.0)), ((1, 1 / 7), (1, 3 / 7)), ((0, 1.0), (2, 0.5))]),
)  # fmt: skip
def test_merging_two_jobs_of_equal_span_sums_them(
    world: Cluster,
    start_s: int,
    length_s: int,
    suspended: tuple[int, int] | None,
    readable: bool,
    boards: tuple[tuple[int, float], tuple[int, float]],
) -> None:
    pair = tuple(
        Job((0,), start_s, length_s, cpus, gpus=gpus, gpu_share=share, suspended=suspended, readable=readable)
        for cpus, (gpus, share) in zip((2, 3), boards, strict=True)
    )
    how = tuple(replace(each, missing=0.0) for each in world.metering)
    chunk = cluster(how, pair + apart(world.jobs), world.seed).chunk
    merged = _merged(chunk)
    a, b = attribute(chunk, WHOLE)[0], attribute(merged, WHOLE)[0]
    close(energy_of(a, chunk, 0) + energy_of(a, chunk, 1), energy_of(b, merged, 0), total_of(a))
    for job in np.unique(chunk.lives.job[2:]).tolist():
        close(energy_of(a, chunk, job), energy_of(b, merged, job), total_of(a))


def _merged(chunk: Chunk) -> Chunk:
    """The first two lives (of equal span) as one."""
    lives, job = chunk.lives, chunk.job
    first, second = (np.flatnonzero(job.job_id == lives.job_id[index]) for index in (0, 1))
    cpu_s = job.cpu_s.copy()
    cpu_s[first] += cpu_s[second]
    keep = np.ones(len(lives.job), np.bool_)
    keep[1] = False
    columns = {each.name: getattr(lives, each.name).copy() for each in fields(lives)}
    for name in ("cpus", "memory_bytes", "total_cpu_s"):
        columns[name][0] += columns[name][1]
    spans = chunk.suspensions
    other = spans.life != 1
    kept = taken(spans, other)
    return replace(
        chunk,
        job=sorted_jobs(taken(replace(job, cpu_s=cpu_s), np.setdiff1d(np.arange(len(cpu_s)), second))),
        lives=taken(type(lives)(**columns), keep),
        suspensions=replace(kept, life=np.maximum(kept.life - 1, 0)),
        gpu_shares=replace(chunk.gpu_shares, life=np.maximum(chunk.gpu_shares.life - 1, 0)),
    )


def apart(drawn: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs without one that is another attempt or stretch of the job before them."""
    return tuple(replace(job, twin=False, goes_on=False) if number == 0 else job for number, job in enumerate(drawn))


@settings(max_examples=60 * TIMES)
@given(clusters(most_jobs=5), st.integers(-300, 2500), st.integers(200, 3000), st.floats(0.0, 1.0))
def test_a_resize_that_changes_nothing_changes_no_account(
    world: Cluster, start_s: int, length_s: int, where: float
) -> None:
    job = Job((0,), start_s, length_s, 3, gpus=1, gpu_share=0.5, suspended=(20, 90), total_cpu=None)
    how = tuple(replace(each, missing=0.0, gap_s=None) for each in world.metering)
    chunk = cluster(how, (job, *apart(world.jobs)), world.seed).chunk
    ts = chunk.job.ts_ms[chunk.job.job_id == chunk.lives.job_id[0]]
    assume(len(ts) > 2)
    at_ms = int(ts[0] + where * (ts[-2] - ts[0])) + 1  # its counter is read before and after it
    cut = _cut(chunk, at_ms)
    a, b = attribute(chunk, WHOLE)[0], attribute(cut, WHOLE)[0]
    same_accounts(by_account(b, cut), by_account(a, chunk), total_of(a))


def _cut(chunk: Chunk, at_ms: int) -> Chunk:
    """The first life as two stretches of the same size."""
    lives = taken(chunk.lives, np.append(0, np.arange(len(chunk.lives.job))))
    ends, starts = lives.end_ms.copy(), lives.start_ms.copy()
    ends[0] = starts[1] = at_ms

    def both(rows: Any) -> Any:
        """What belongs to the first life belongs to both stretches."""
        twice = taken(rows, np.append(np.flatnonzero(rows.life == 0), np.arange(len(rows.life))))
        first = int((rows.life == 0).sum())
        return replace(twice, life=twice.life + (np.arange(len(twice.life)) >= first))

    return replace(
        chunk,
        lives=replace(lives, start_ms=starts, end_ms=ends),
        suspensions=both(chunk.suspensions),
        gpu_shares=both(chunk.gpu_shares),
    )


@settings(max_examples=60 * TIMES)
@given(clusters(), st.integers(1, 8), st.integers(0, 3000))
def test_a_suspended_job_holds_its_memory_and_boards_but_no_cpus(world: Cluster, cpus: int, start_s: int) -> None:
    """It pays for the memory of a job that runs, and leaves its CPUs to the others as if it were not there."""
    still = Job((0,), start_s, 600, cpus, gpus=1, busy=0.0, total_cpu=0.0, suspended=(0, 100_000))
    how = tuple(replace(each, missing=0.0, gap_s=None, cpus_known=True) for each in world.metering)
    running, none = replace(still, suspended=None), replace(still, cpus=0, suspended=None)
    chunks = [cluster(how, (one, *apart(world.jobs)), world.seed).chunk for one in (still, running, none)]
    held, works, nothing = (energy_of(attribute(each, WHOLE)[0], each, 0) for each in chunks)
    others = [by_account(attribute(each, WHOLE)[0], each) for each in (chunks[0], chunks[2])]
    energy_j = sum(float(np.abs(each).sum()) for each in others[0].values())
    assert held[CPU].tolist() == [0.0, 0.0]
    close(held[[DRAM, GPU]], works[[DRAM, GPU]], energy_j)
    close(held, nothing, energy_j)
    same_accounts(*others, energy_j)


@settings(max_examples=60 * TIMES)
@given(clusters(), st.integers(1, 8), st.integers(0, 3000))
def test_null_player_gets_no_dynamic_energy(world: Cluster, cpus: int, start_s: int) -> None:
    lazy = Job((0,), start_s, 600, cpus, busy=0.0, total_cpu=0.0)
    readable = tuple(replace(how, gap_s=None, missing=0.0) for how in world.metering)
    chunk = cluster(readable, (lazy, *apart(world.jobs)), world.seed).chunk
    booked, _ = attribute(chunk, WHOLE)
    assert energy_of(booked, chunk, 0)[:, DYNAMIC].tolist() == [0.0] * 4  # it holds no board


@settings(max_examples=60 * TIMES)
@given(clusters(), st.integers(0, 3000))
def test_null_player_of_a_shared_gpu_gets_none_of_its_dynamic_energy(world: Cluster, start_s: int) -> None:
    lazy = Job((0,), start_s, 600, 1, gpus=1, gpu_share=1 / 7, gpu_activity=0.0)
    busy = Job((0,), -100, 9000, 1, gpus=1, gpu_share=3 / 7)
    chunk = cluster(world.metering, (lazy, busy, *world.jobs), world.seed).chunk
    booked, _ = attribute(chunk, WHOLE)
    assert energy_of(booked, chunk, 0)[GPU, DYNAMIC] == 0.0


@settings(max_examples=60 * TIMES)
@given(clusters(most_jobs=4), st.integers(0, 3300), st.integers(1, 2000), st.integers(1, 8), st.booleans())
def test_equal_jobs_get_the_same(world: Cluster, start_s: int, length_s: int, cpus: int, readable: bool) -> None:
    twin = Job((0,), start_s, length_s, cpus, gpus=1, gpu_share=0.25, readable=readable)
    how = tuple(replace(each, missing=0.0) for each in world.metering)
    chunk = cluster(how, (twin, twin, *apart(world.jobs)), world.seed).chunk
    first, second = (np.flatnonzero(chunk.job.job_id == job_id) for job_id in (500, 499))
    cpu_s = chunk.job.cpu_s.copy()
    cpu_s[second] = cpu_s[first]
    totals = chunk.lives.total_cpu_s.copy()
    totals[1] = totals[0]
    chunk = replace(chunk, job=replace(chunk.job, cpu_s=cpu_s), lives=replace(chunk.lives, total_cpu_s=totals))
    booked, _ = attribute(chunk, WHOLE)
    close(energy_of(booked, chunk, 0), energy_of(booked, chunk, 1), total_of(booked))


@settings(max_examples=60 * TIMES)
@given(clusters(most_jobs=5), st.integers(-300, 3000), st.integers(30, 3000), st.floats(1.0, 20.0))
def test_own_total_grows_with_own_use(world: Cluster, start_s: int, length_s: int, factor: float) -> None:
    how = tuple(replace(each, missing=0.0) for each in world.metering)  # all counters have the same intervals
    chunk = cluster(how, (Job((0,), start_s, length_s, 4), *apart(world.jobs)), world.seed).chunk
    own = chunk.job.job_id == chunk.lives.job_id[0]
    own &= chunk.job.ts_ms <= T0 + (start_s + length_s) * 1000 + 1000
    totals = chunk.lives.total_cpu_s.copy()
    totals[0] *= factor
    more = replace(
        chunk,
        job=replace(chunk.job, cpu_s=np.where(own, chunk.job.cpu_s * factor, chunk.job.cpu_s)),
        lives=replace(chunk.lives, total_cpu_s=totals),
    )
    little, much = attribute(chunk, WHOLE)[0], attribute(more, WHOLE)[0]
    slack = 1e-9 * max(total_of(little), 1.0)
    assert energy_of(much, more, 0).sum() >= energy_of(little, chunk, 0).sum() - slack


@given(st.integers(0, 2**31), st.sampled_from(["counter", "none"]))
def test_64_equal_jobs_that_fill_the_node_get_a_64th_each(seed: int, meter: str) -> None:
    """Each with a CPU, a 64th of the memory and a shard of both boards."""
    how = Metering(meter=meter, system_rate=0.0)
    base = cluster((how,), (Job((0,), -100, 9000, 8, memory=64e9),), seed).chunk
    traits = replace(base.nodes[0], cpus=64.0, memory_bytes=64e9)
    begin, end = T0 - 100_000, T0 + 8_900_000
    lives = lives_of([(0, job, job + 1, begin, end, 1.0, 1e9, False, False, np.nan) for job in range(64)])
    shares = gpu_shares_of((job, board, 1 / 64, np.nan, False) for job in range(64) for board in range(GPUS))
    count = len(base.job.ts_ms)
    job = JobSamples(
        node=np.zeros(64 * count, np.int32), job_id=np.repeat(np.arange(1, 65), count),
        ts_ms=np.tile(base.job.ts_ms, 64),
        cpu_s=np.tile(base.job.cpu_s / 64, 64), memory_bytes=np.tile(base.job.memory_bytes, 64),
    )  # fmt: skip
    chunk = replace(base, nodes=(traits,), job=job, lives=lives, suspensions=suspensions_of([]), gpu_shares=shares)
    booked, measured = attribute(chunk, WHOLE)
    each = measured.energy_j.sum() / 64
    lost = booked.energy_j[booked.account == Account.UNATTRIBUTED].sum()
    for number in range(64):
        close(energy_of(booked, chunk, number).sum(), each - lost / 64, total_of(booked))


@given(clusters())
def test_no_job_is_booked_outside_its_time(world: Cluster) -> None:
    """Nothing is booked on a job outside its time (and the second that Slurm cuts off)."""
    window = whole_window(*range(0, RUN_S, 60))
    booked, _ = attribute(world.chunk, window)
    lives, on = world.chunk.lives, booked.life >= 0
    life, bucket = booked.life[on], booked.bucket[on]
    assert (window.edges_ms[bucket + 1] > lives.start_ms[life]).all()
    assert (window.edges_ms[bucket] - 1000 < lives.end_ms[life]).all()


# -- nothing at all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["nothing", "nodes only", "lives only", "no lives", "no node rows", "no job rows"])
def test_empty_inputs(what: str) -> None:
    full = cluster((PLAIN,), (Job((0,), 0, 600, 4, gpus=1), Job((0,), 900, 60, 1)), 1).chunk
    samples = {name: getattr(EMPTY, name) for name in ("node", "gpu", "job")}
    chunk = {
        "nothing": EMPTY,
        "nodes only": replace(EMPTY, nodes=full.nodes, idle=full.idle),
        "lives only": replace(full, **samples),
        "no lives": replace(full, lives=EMPTY.lives, suspensions=EMPTY.suspensions, gpu_shares=EMPTY.gpu_shares),
        "no node rows": replace(full, node=EMPTY.node),
        "no job rows": replace(full, job=EMPTY.job),
    }[what]
    booked, measured = attribute(chunk, whole_window(900))
    close(booked.energy_j.sum(), measured.energy_j.sum(), 1.0)
    assert measured.energy_j.shape == (len(chunk.nodes), 2, 4)
    assert (measured.energy_j.sum() > 0) == (what in ("no lives", "no node rows", "no job rows"))


def test_names_used_here_are_the_ledgers() -> None:
    assert [each.name for each in Account] == [
        *("JOB", "SYSTEM", "IDLE", "UNATTRIBUTED", "SESSION", "DOWN", "DRAINED", "POWERED_OFF", "BOOTING")
    ]
    assert list(Account) == list(range(9))
    assert EVIDENCE[-1] is Evidence.MODELLED
    assert NodeTraits("x", MODELS[0], NODE_CPUS, 1.0).cpus == NODE_CPUS
