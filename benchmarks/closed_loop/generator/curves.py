"""Cumulated joules and CPU seconds of a node at any time: what perfect counters would show."""

from dataclasses import dataclass

import numpy as np

from benchmarks.closed_loop.generator.activity import F64, Activity
from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.power import Power
from benchmarks.closed_loop.generator.regime import Regime
from benchmarks.closed_loop.generator.workload import Job


@dataclass(frozen=True, slots=True)
class Curves:
    """Values at the knots; linear in between, but for the fans.

    Args:
        busy_s: [k + 1]; cpu_j, dram_j, rest_j: [k + 1], rest without its fans; gpu_j: [boards, k + 1].
        dynamic_w: [k] all dynamic watts; fans_w: [k + 1] those that the fans follow, as far as they have.
    """

    knots_s: F64
    busy_s: F64
    cpu_j: F64
    dram_j: F64
    rest_j: F64
    gpu_j: F64
    dynamic_w: F64
    fans_w: F64
    fan_ratio: float
    fan_lag_s: float

    def at(self, curve: F64, t_s: F64) -> F64:
        """A curve at some times."""
        return np.interp(t_s, self.knots_s, curve)

    def whole_at(self, t_s: F64) -> F64:
        """Joules of the whole node, GPUs and fans included."""
        fans_j = self.at(_cumulated(self.dynamic_w * np.diff(self.knots_s)), t_s) - self.fan_lag_s * self._fans_at(t_s)
        parts = (self.cpu_j, self.dram_j, self.rest_j, *self.gpu_j)
        return np.asarray(sum((self.at(curve, t_s) for curve in parts), self.fan_ratio * fans_j))

    def _fans_at(self, t_s: F64) -> F64:
        piece = np.clip(np.searchsorted(self.knots_s, t_s, side="right") - 1, 0, len(self.dynamic_w) - 1)
        since_s, wanted_w = t_s - self.knots_s[piece], self.dynamic_w[piece]
        return np.asarray(wanted_w + (self.fans_w[piece] - wanted_w) * np.exp(-since_s / self.fan_lag_s))


def curves(machine: Machine, did: Activity, drawn: Power, jobs: tuple[Job, ...], regime: Regime) -> Curves:
    """The node's curves."""
    seconds, count = did.seconds, len(did.seconds)

    def per_piece(entries: F64) -> F64:
        return np.asarray(np.bincount(did.piece, entries, count))

    cpu_w, dram_w = per_piece(drawn.cpu_w) + drawn.system_cpu_w, per_piece(drawn.dram_w) + drawn.system_dram_w
    holds = [np.array([board in job.gpus or job.exclusive for job in jobs])[did.job] for board in range(machine.gpus)]
    gpu_w = np.array([per_piece(drawn.gpu_w * held) for held in holds]).reshape(machine.gpus, count)
    dynamic_w = cpu_w + dram_w + gpu_w.sum(axis=0)
    return Curves(
        knots_s=did.knots_s,
        busy_s=_cumulated((per_piece(did.cpus) + did.system_cpus) * seconds),
        cpu_j=_cumulated((machine.cpu_idle_w * drawn.idle + cpu_w) * seconds),
        dram_j=_cumulated((machine.dram_idle_w * drawn.idle + dram_w) * seconds),
        rest_j=_cumulated((machine.rest_idle_w * drawn.idle + machine.loss_ratio * dynamic_w) * seconds),
        gpu_j=np.array([_cumulated((machine.gpu_idle_w + watts) * seconds) for watts in gpu_w]).reshape(
            machine.gpus, count + 1
        ),
        dynamic_w=dynamic_w,
        fans_w=_lagged(dynamic_w, seconds, regime.fan_lag_s),
        fan_ratio=regime.fan_ratio,
        fan_lag_s=regime.fan_lag_s,
    )


def _cumulated(amounts: F64) -> F64:
    return np.concatenate([[0.0], np.cumsum(amounts)])


def _lagged(wanted_w: F64, seconds: F64, lag_s: float) -> F64:
    """`y` at the knots, `dy/dt = (wanted - y) / lag`, from 0."""
    found, level = [0.0], 0.0
    for watts, decay in zip(wanted_w.tolist(), np.exp(-seconds / lag_s).tolist(), strict=True):
        level = watts + (level - watts) * decay
        found.append(level)
    return np.array(found)
