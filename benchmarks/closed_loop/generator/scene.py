"""Everything together: a cluster over some hours, with its truth and with what its meters read."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.closed_loop.generator.activity import F64, Activity, activity
from benchmarks.closed_loop.generator.curves import Curves, curves
from benchmarks.closed_loop.generator.machine import Machine, machines
from benchmarks.closed_loop.generator.meters import Readings, readings
from benchmarks.closed_loop.generator.power import power
from benchmarks.closed_loop.generator.regime import Regime
from benchmarks.closed_loop.generator.sampling import Sampling, sampling
from benchmarks.closed_loop.generator.slurm import Account, account
from benchmarks.closed_loop.generator.truth import NodeTruth, node_truth
from benchmarks.closed_loop.generator.workload import Job, jobs

START_MS: Final = 1_717_372_800_000
"""Wall clock at the start of every scene: a UTC midnight [epoch ms]."""
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Node:
    """A node over the scene."""

    machine: Machine
    did: Activity
    curves: Curves
    truth: NodeTruth
    reboot_s: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster over some time and who truly drew what.

    Args:
        jobs: in order of start; accounts: what Slurm says of each.
        truth_j: [jobs, 4 components, 2 parts] over all nodes.
    """

    regime: Regime
    seed: int
    seconds: int
    nodes: tuple[Node, ...]
    jobs: tuple[Job, ...]
    accounts: tuple[Account, ...]
    truth_j: F64


@dataclass(frozen=True, slots=True)
class Read:
    """A node's readings and when they were taken."""

    when: Sampling
    what: Readings


def scene(regime: Regime, seed: int, *, nodes: int = 7, hours: float = 14, reboots: bool = True) -> Scene:
    """A cluster with its workload. Same arguments, same scene; the sampling is apart (`read`)."""
    rng = np.random.default_rng([seed, nodes])
    seconds = int(hours * HOUR_S)
    fleet = machines(rng, nodes, regime)
    down_s = rng.uniform(0.2 * seconds, 0.9 * seconds, nodes)
    reboot_s = np.where((rng.random(nodes) < 0.3) & reboots, down_s, np.nan)
    work = jobs(rng, fleet, seconds, regime, tuple(reboot_s.tolist()))
    built = tuple(_node(rng, index, machine, work, seconds, regime, float(reboot_s[index])) for index, machine in
                  enumerate(fleet))  # fmt: skip
    cpu_s = np.sum([node.truth.cpu_s for node in built], axis=0)
    accounts = tuple(account(job, used_s) for job, used_s in zip(work, cpu_s.tolist(), strict=True))
    truth_j = np.sum([node.truth.jobs_j for node in built], axis=0)
    return Scene(regime, seed, seconds, built, work, accounts, truth_j)


def _node(
    rng: np.random.Generator, index: int, machine: Machine, work: tuple[Job, ...], seconds: int, regime: Regime,
    reboot_s: float,
) -> Node:  # fmt: skip
    here = [(number, job) for number, job in enumerate(work) if index in job.machines]
    did = activity(rng, machine, here, seconds)
    drawn = power(rng, machine, did, work, regime)
    true = curves(machine, did, drawn, work, regime)
    return Node(machine, did, true, node_truth(machine, did, drawn, work, regime), reboot_s)


def read(world: Scene, interval_s: float) -> tuple[Read, ...]:
    """What the agents of all nodes read, every `interval_s`."""
    found = []
    for number, node in enumerate(world.nodes):
        rng = np.random.default_rng([world.seed, 7, number])
        when = sampling(rng, world.seconds, interval_s, node.reboot_s, START_MS)
        found.append(Read(when, readings(rng, node.machine, node.did, node.curves, when, world.jobs, world.regime)))
    return tuple(found)
