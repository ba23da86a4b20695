"""The simulated login nodes: people log in on working days, edit, compile, and look after their jobs."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from maxwatt.cli.simulation.cluster import STEP_MS, USERS
from maxwatt.cli.simulation.power import F64, I64, hash_of
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import BYTES_PER_GIB, DAY_MS, MS_PER_S, S_PER_H

MODEL: Final = NodeModel(
    "login", ("sim-login1", "sim-login2"), cpu_idle_w=88, cpu_max_w=330, dram_idle_w=12, dram_max_w=26,
    rest_base_w=64, rest_ratio=0.11,
)  # fmt: skip
CPUS: Final = 48
SYSTEM_CPUS: Final = 0.6
"""CPU seconds per second that a login node spends on itself."""
FIRST_UID: Final = 20_001
COMPILE_S: Final = 1500.0
"""One round of editing and compiling."""
DAYS_PER_WEEK, THURSDAY = 7, 4


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody's day on a login node; times in epoch seconds."""

    user: str
    uid: int
    node: str
    begin_s: float
    end_s: float
    cpus: float

    def cpu_s(self, t_s: F64) -> F64:
        """CPU seconds used up to each time: rounds of little and of more work."""
        x = np.clip(t_s - self.begin_s, 0, self.end_s - self.begin_s)
        turn = 2 * np.pi / COMPILE_S
        return np.asarray(self.cpus * (x + 0.9 * (1 - np.cos(turn * x)) / turn))


@dataclass(frozen=True, slots=True)
class LoginNode:
    """A login node since its boot [epoch ms]."""

    name: str
    boot_ms: int

    def lines(self, start_ms: int, end_ms: int) -> Iterator[str]:
        """Line protocol of its sampling times in [start_ms, end_ms)."""
        offset = hash_of(self.name) % STEP_MS
        first = start_ms + (offset - start_ms) % STEP_MS
        ts_ms = np.arange(first, end_ms, STEP_MS, dtype=np.int64)
        if len(ts_ms):
            logins = [each for each in logins_between(self.boot_ms, end_ms) if each.node == self.name]
            yield from self._node_lines(logins, ts_ms)
            yield from self._session_lines(logins, ts_ms)

    def _node_lines(self, logins: list[Login], ts_ms: I64) -> Iterator[str]:
        t_s = ts_ms / MS_PER_S
        up_s = t_s - self.boot_ms / MS_PER_S
        busy_s = SYSTEM_CPUS * up_s + sum((each.cpu_s(t_s) for each in logins), np.zeros_like(t_s))
        cpu_j = MODEL.cpu_idle_w * up_s + (MODEL.cpu_max_w - MODEL.cpu_idle_w) / CPUS * busy_s
        dram_j = MODEL.dram_idle_w * up_s + (MODEL.dram_max_w - MODEL.dram_idle_w) / CPUS * busy_s
        head = f"node,node={self.name} cpu_count={CPUS}i,memory_total_bytes={256 * BYTES_PER_GIB}i"
        head += f",memory_used_bytes={24 * BYTES_PER_GIB}i,epoch_id={hash_of(self.name)}i"
        for ts, up, busy, cpu, dram in zip(ts_ms.tolist(), up_s, busy_s, cpu_j, dram_j, strict=True):
            yield (
                f"{head},monotonic_s={up:.3f},cpu_busy_seconds_total={busy:.3f},"
                f"cpu_energy_joules_total={cpu:.3f},dram_energy_joules_total={dram:.3f} {ts}"
            )

    def _session_lines(self, logins: list[Login], ts_ms: I64) -> Iterator[str]:
        t_s = ts_ms / MS_PER_S
        for each in logins:
            on = (t_s >= each.begin_s) & (t_s < each.end_s)
            head = f"session,node={self.name},uid={each.uid},user={each.user} epoch_id={hash_of(self.name)}i"
            head += ",memory_resident_bytes=800000000i"
            for ts, used in zip(ts_ms[on].tolist(), each.cpu_s(t_s[on]), strict=True):
                yield f"{head},monotonic_s={(ts - self.boot_ms) / MS_PER_S:.3f},cpu_seconds_total={used:.3f} {ts}"


def login_nodes(boot_ms: int) -> tuple[LoginNode, ...]:
    """The cluster's login nodes."""
    return tuple(LoginNode(name, boot_ms) for name in MODEL.nodes)


def logins_between(start_ms: int, end_ms: int) -> list[Login]:
    """Logins of the days that touch [start_ms, end_ms); one a person and working day at most."""
    days = range(start_ms // DAY_MS, -(-end_ms // DAY_MS))
    work = [day for day in days if (day + THURSDAY) % DAYS_PER_WEEK not in {0, 6}]  # 1 January 1970 was a Thursday
    found = [_login(user, number, day) for number, user in enumerate(USERS) for day in work]
    return [each for each in found if each is not None and each.begin_s * MS_PER_S >= start_ms]


def _login(user: str, number: int, day: int) -> Login | None:
    """What somebody does on a day: decided by name and day alone, so that every part of the demo agrees."""
    rng = np.random.default_rng(zlib.crc32(f"{user} {day}".encode()))
    if rng.random() < 0.3:
        return None
    begin_s = day * DAY_MS / MS_PER_S + rng.uniform(6.5, 10.5) * S_PER_H
    cpus = float(rng.choice([0.05, 0.4, 3.0, 9.0], p=[0.4, 0.3, 0.2, 0.1]))
    node = MODEL.nodes[int(rng.integers(len(MODEL.nodes)))]
    return Login(user, FIRST_UID + number, node, begin_s, begin_s + rng.uniform(2, 9) * S_PER_H, cpus)
