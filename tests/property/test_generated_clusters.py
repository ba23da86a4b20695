"""The laws are tested on clusters in which everything happens: what is generated is counted here."""

from collections import Counter

import numpy as np
from clusters import EMPTY, FOREVER, NODE_CPUS, NODE_MEMORY, RUN_S, T0, Cluster, clusters
from hypothesis import given, settings
from laws import TIMES

from aggregator.kernel.arrays import Chunk

CLUSTERS = 120
OFTEN = 6
"""Of so many clusters each thing happens in at least so many."""


def test_generated_clusters_hold_everything_that_happens_on_real_nodes() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=CLUSTERS * TIMES)
    @given(clusters())
    def look(world: Cluster) -> None:
        seen.update(name for name, happens in happenings(world).items() if happens)

    look()
    assert {name: count for name, count in seen.items() if count < OFTEN} == {}
    assert seen.keys() == happenings(Cluster((), (), 0, EMPTY)).keys()


def happenings(world: Cluster) -> dict[str, bool]:
    """What happens in the hour of a cluster, told by the kernel's input itself."""
    chunk, how = world.chunk, world.metering
    lives, node, shares = chunk.lives, chunk.node, chunk.gpu_shares
    in_time = (lives.start_ms < T0 + RUN_S * 1000) & (lives.end_ms > T0)
    same_node = np.diff(node.node) == 0
    fell = np.diff(node.cpu_busy_s) < 0
    boot = np.diff(node.epoch_id) != 0
    again = [job for job in world.jobs if job.twin]
    return {
        "CPUs over-subscribed": _most(chunk, lives.cpus) > NODE_CPUS,
        "memory over-subscribed": _most(chunk, lives.memory_bytes) > NODE_MEMORY,
        "boards over-subscribed": _most_of_boards(chunk) > 1 + 1e-9,
        "a node for itself": bool((lives.exclusive & in_time).any()),
        "suspended": bool(in_time[chunk.suspensions.life].any()),
        "suspended for good": bool((chunk.suspensions.end_ms == FOREVER).any()),
        "requeued": any(not job.goes_on for job in again),
        "resized": any(job.goes_on for job in again),
        "on two nodes": len(np.unique(lives.job)) < len(lives.job),
        "runs on": bool((lives.end_ms[in_time] == FOREVER).any()),
        "shorter than a sampling interval": bool(
            (lives.end_ms - lives.start_ms)[in_time].min(initial=FOREVER) < 10_000
        ),
        "cannot be read": any(not job.readable for job in world.jobs),
        "a tail": any(job.lost_tail_s and job.total_cpu and job.length_s for job in world.jobs),
        "parts of boards": bool((shares.share < 1).any()),
        "a gap": bool((np.diff(node.ts_ms)[same_node] > 30_000).any()),
        "a gap that is too long": bool((np.diff(node.ts_ms)[same_node] > 600_000).any()),
        "a reboot": bool((same_node & boot).any()),
        "a counter that falls": bool((same_node & ~boot & fell).any()),
        "a missed wrap": any(each.missed_wrap_s is not None for each in how),
        "lost readings": any(each.missing for each in how),
        "meters that contradict each other": any(each.meter != "none" and each.meter_factor < 1 for each in how),
        "GPUs apart from the meter": any(not traits.model.meter_includes_gpus for traits in chunk.nodes),
        "jobs busier than the node": any(each.busy_factor < 1 for each in how),
        "idle powers that change with the day": any(each.calibrated for each in how),
        "idle powers that are not known": bool(np.isnan(chunk.idle.cpu_w).any()),
        "states of nodes": bool(len(chunk.states.node)),
        "logins": bool(len(chunk.session.ts_ms)),
        "nodes outside Slurm": any(traits.outside for traits in chunk.nodes),
        "nodes of unknown size": any(not traits.cpus for traits in chunk.nodes),
    }


def _most(chunk: Chunk, amount: np.ndarray) -> float:
    """The most that jobs hold at once of one node within the hour."""
    lives = chunk.lives
    return max((amount[_there(chunk, each)].sum() for each in range(len(lives.job))), default=0.0)


def _there(chunk: Chunk, life: int) -> np.ndarray:
    """Lives on the node of one of them when it begins, within the hour."""
    lives = chunk.lives
    at = lives.start_ms[life]
    on = (lives.node == lives.node[life]) & (lives.start_ms <= at) & (lives.end_ms > at)
    return on & (T0 <= at < T0 + RUN_S * 1000)


def _most_of_boards(chunk: Chunk) -> float:
    found = [0.0]
    for life in range(len(chunk.lives.job)):
        on = _there(chunk, life)[chunk.gpu_shares.life]
        found += np.bincount(chunk.gpu_shares.gpu[on], chunk.gpu_shares.share[on]).tolist()
    return max(found)
