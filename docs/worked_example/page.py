"""The section of the method page: its words with the numbers that came out of the chain."""

import string
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from aggregator.kernel.pieces import Pieces
from collectors.unwrap import modulus_uj
from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS, EVIDENCE, PARTS
from maxwatt.domain.formatting import format_share
from maxwatt.domain.units import J_PER_KWH
from worked_example import node
from worked_example.chain import Followed, follow

_TIMES: Final = [f"12:00:{at_s:02}" for at_s in node.AT_S]
_INTERVALS: Final = ["interval", "1", "2", "3", "sum"]
_ACCOUNTS: Final = ("101", "102", "system", "idle")
_DECLARED: Final = ("cpu_idle", "cpu_max", "dram_idle", "dram_max", "rest_base")
_HEADS: Final = [f"{component} {part}" for component in COMPONENTS for part in PARTS]


class _Words(string.Template):
    delimiter = "@"


def section() -> str:
    """All of it, as Markdown."""
    words = _Words(Path(__file__).with_name("section.txt").read_text(encoding="utf-8"))
    found = follow()
    tables = {
        "files": _files(),
        "energies": _energies(found),
        "seconds": _seconds(found),
        "prices": _prices(found),
        "shares": _shares(found),
        "accounts": _accounts(found),
        "grams": _grams(found),
        "marks": _marks(found),
    }
    return words.substitute(_given() | _numbers(found) | tables)


def _given() -> dict[str, Any]:
    (one,), (two,) = (job.allocations for job in node.JOBS)
    carbon, raw, modulus = node.SETTINGS.carbon, node.ZONES["package-0"][1], modulus_uj(node.RANGE_UJ)
    watts = {name: getattr(node.MODEL, f"{name}_w") for name in _DECLARED}
    return watts | {
        "node": node.NAME, "cpus": node.CPUS, "memory": _gib(node.MEMORY_BYTES),
        "a_cpus": _number(one.cpus), "a_memory": _gib(one.memory_bytes),
        "b_cpus": _number(two.cpus), "b_memory": _gib(two.memory_bytes),
        "range_uj": node.RANGE_UJ, "modulus": modulus,
        "before": raw[1], "after": raw[2], "step": raw[2] - raw[1] + modulus,
        "interval": node.AT_S[1] - node.AT_S[0], "span": node.AT_S[-1], "pue": carbon.pue,
        "intensity": _number(carbon.intensity_g_per_kwh or 0), "market": _number(carbon.market_g_per_kwh or 0),
        "price": node.SETTINGS.cost.price_per_kwh,
        "embodied": node.MODEL.embodied_kg, "lifetime": node.MODEL.lifetime_years,
    }  # fmt: skip


def _numbers(found: Followed) -> dict[str, str]:
    watts = [power_uw / 1e6 for power_uw in node.METER_UW]
    trapezoids = [7.5 * (low + high) for low, high in pairwise(watts)]
    tail_s = float(found.energy.time.jobs[1].cpu_s.sum())
    static_j = sum(row["rest_static_j"] for row in found.booked.values())
    dynamic_j = found.energy.cpu.prices.dynamic_j.sum() + found.energy.dram.prices.dynamic_j.sum()
    numbers = {
        "total_cpu": node.JOBS[1].total_cpu_s or 0.0, "tail": tail_s, "sampled": _job_s(found, 1)[0].sum(),
        "meter": sum(found.measured[f"{name}_j"] for name in COMPONENTS), "cpu": found.measured["cpu_j"],
        "dram": found.measured["dram_j"], "remainder": found.measured["rest_j"], "rest_static": static_j,
        "parts_dynamic": dynamic_j, "rho": found.energy.rest.per_dynamic[0], "a_energy": _total(found.booked["101"]),
    }  # fmt: skip
    told = {name: _number(amount) for name, amount in numbers.items()}
    return told | {"trapezoids": " + ".join(_plain(trapezoids)), "a_co2": f"{found.booked['101']['co2_g']:.4f}"}


def _files() -> str:
    rows = [(f"`{folder}/energy_uj` ({key})", *raw) for key, (folder, raw) in node.ZONES.items()]
    rows.append(("`/proc/stat`, user + system, 1/100 s", *(user + system for user, system in node.STAT)))
    rows += [
        (f"`job_{job_id}/cpu.stat`, `usage_usec`", *("" if used is None else used for used in used_us))
        for job_id, used_us in node.USED_US.items()
    ]
    rows.append(("whole-node power, µW", *node.METER_UW))
    return _table(["", *_TIMES], rows)


def _energies(found: Followed) -> str:
    rows = [(f"{key}, J", *_with_sum(np.diff(_zone_j(found, key)))) for key in ("package-0", "package-1")]
    rows += [
        (rf"$E_\mathrm{{{name}}}$, J", *_with_sum(part.meter.intervals.amount)) for name, part in _parts(found).items()
    ]
    return _table(_INTERVALS, rows)


def _seconds(found: Followed) -> str:
    time, meter = found.energy.time, found.energy.cpu.meter
    rows = [("all, $U$", *_with_sum(meter.gather(time.users_s + time.system_s)))]
    rows += [(f"job {job_id}, $u$", *_with_sum(sum(_job_s(found, life)))) for life, job_id in enumerate(node.USED_US)]
    return _table(_INTERVALS, [*rows, ("system", *_with_sum(meter.gather(time.system_s)))])


def _prices(found: Followed) -> str:
    rows: list[tuple[str, ...]] = []
    for name, part in _parts(found).items():
        split, seconds, of = part.prices, part.meter.intervals.seconds, rf"_\mathrm{{{name}}}"
        rows += [
            (rf"$S{of} = \min(E, P_\mathrm{{idle}}\,\Delta t)$, J", *_with_sum(split.static_j)),
            (f"$D{of} = E - S$, J", *_with_sum(split.dynamic_j)),
            (rf"$p{of} = S / \Delta t$, W", *_plain(split.static_j / seconds), ""),
            (f"$e{of} = D / U$, J per CPU second", *_plain(split.per_cpu_s), ""),
        ]
    return _table(_INTERVALS, rows)


def _shares(found: Followed) -> str:
    held, weight = found.energy.held, found.energy.weights.held
    rows = [
        (name, *_plain([held.cpu_share[at], held.memory_share[at], weight[at], found.booked[name]["held_s"]]))
        for name, at in zip(("101", "102"), held.first, strict=True)
    ]
    return _table(["job", r"CPUs $\bar\alpha$", r"memory $\bar\mu$", "node $w$", "held, s"], rows)


def _accounts(found: Followed) -> str:
    some = [n for n, name in enumerate(ENERGY_COLUMNS) if any(row[name] for row in found.booked.values())]
    columns = np.array([[found.booked[name][ENERGY_COLUMNS[n]] for n in some] for name in _ACCOUNTS])
    rows = [(name, *_with_sum(row, 3)) for name, row in zip(_ACCOUNTS, columns, strict=True)]
    return _table(["", *(_HEADS[n] for n in some), "sum"], [*rows, ("sum", *_with_sum(columns.sum(axis=0), 3))])


def _grams(found: Followed) -> str:
    heads = ["", "energy, J", "with PUE, Wh", "CO₂, g", "by contract, g", "cost, ct", "embodied, g"]
    return _table(heads, [_valued(name, found.booked[name]) for name in _ACCOUNTS])


def _valued(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    facility_wh = _total(row) * node.SETTINGS.carbon.pue / J_PER_KWH * 1000
    values = (facility_wh, row["co2_g"], row["co2_market_g"], 100 * row["cost"], row["embodied_g"])
    return name, _number(_total(row)), *(f"{value:.4f}" for value in values)


def _marks(found: Followed) -> str:
    some = [kind for kind in EVIDENCE if any(row[f"{kind}_j"] for row in found.booked.values())]
    rows = []
    for name in _ACCOUNTS:
        row = found.booked[name]
        kinds = (format_share(row[f"{kind}_j"] / _total(row)) for kind in some)
        waste = "" if row["waste_j"] is None else _number(row["waste_j"])
        covered, sure = format_share(row["covered_s"] / row["held_s"]), f"± {100 * row['uncertainty']:.1f} %"
        rows.append((name, *kinds, covered, sure, waste))
    return _table(["", *some, "covered", "uncertainty", "waste, J"], rows)


def _parts(found: Followed) -> dict[str, Any]:
    return {"cpu": found.energy.cpu, "dram": found.energy.dram}


def _zone_j(found: Followed, key: str) -> list[float]:
    rows = [row for sample in found.samples for row in sample if row.tags.get("zone") == key]
    return [float(row.fields["energy_joules_total"]) for row in rows]


def _job_s(found: Followed, life: int) -> list[Any]:
    """CPU seconds of a job in each interval: sampled, accounted, modelled."""
    return [_of_life(found, pieces, life) for pieces in found.energy.time.jobs]


def _of_life(found: Followed, pieces: Pieces, life: int) -> Any:
    meter, mine = found.energy.cpu.meter, pieces.life == life
    return meter.gather(np.bincount(pieces.segment[mine], pieces.cpu_s[mine], len(meter.share)))


def _total(row: Mapping[str, Any]) -> float:
    return float(sum(row[name] for name in ENERGY_COLUMNS))


def _with_sum(amounts: Any, decimals: int = 4) -> list[str]:
    return [_number(amount, decimals) for amount in (*amounts, sum(amounts))]


def _plain(amounts: Iterable[float]) -> list[str]:
    return [_number(amount) for amount in amounts]


def _gib(size_bytes: float) -> str:
    return _number(size_bytes / node.GIB)


def _number(amount: float, decimals: int = 4) -> str:
    """At most so many decimals, without the zeros behind them."""
    return f"{round(float(amount), decimals) + 0.0:.12g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
