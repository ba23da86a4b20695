"""A job as rows of a table: one of all its figures, or one for each node and step. SI units, named in the columns."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.job_models import GpuUse, JobWindows
from aggregator.queries.models import JobHead, JobRow, Status
from aggregator.queries.series_models import TRAFFIC, NodeSeries
from dash_app.figures.node import POWER_LAYERS, total_power_w
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE
from maxwatt.domain.formatting import iso_time
from maxwatt.domain.hostlist import compress

_DETAILS: Final = (
    *("submit_ms", "state_reason", "qos", "features", "gpus", "command", "work_dir", "stdout", "stderr", "comment"),
    *("exit_signal", "memory_bytes", "total_cpu_s", "full_j", "embodied_g", "consumed_energy_j"),
)


def summary_row(detail: JobHead, gpus: GpuUse | None, status: Status) -> dict[str, Any]:
    """All figures of one attempt."""
    row, evidence = detail.row, detail.row.evidence
    plain = {field.name: getattr(row, field.name) for field in fields(JobRow) if field.name != "evidence"}
    return {
        "cluster": status.cluster,
        "simulated": status.simulated,
        "shown_id": row.shown_id,
        **plain,
        "node_list": row.node_list or compress(node.node for node in detail.nodes),
        **{name: getattr(detail, name) for name in _DETAILS},
        **{name: detail.sums.energy_j.get(name) for name in ENERGY_COLUMNS},
        "memory_peak_bytes": detail.sums.memory_peak_bytes,
        "gpu_utilisation": None if gpus is None else gpus.utilisation,
        "gpu_memory_peak_bytes": None if gpus is None else gpus.memory_peak_bytes,
        **_figures(detail),
        "currency": status.currency,
        **{f"{kind}_share": None if evidence is None else evidence.shares.get(kind, 0.0) for kind in EVIDENCE},
        **{
            name: None if evidence is None else getattr(evidence, name)
            for name in ("coverage", "uncertainty", "method_version", "provisional")
        },
    }


def _figures(detail: JobHead) -> dict[str, Any]:
    intensity, pue = mean_value(detail.figures, Quantity.INTENSITY), mean_value(detail.figures, Quantity.PUE)
    source = origin_text(detail.figures, Quantity.INTENSITY)
    return {"intensity_g_per_kwh": intensity, "intensity_source": source or None, "pue": pue}


def series_rows(series: Sequence[NodeSeries]) -> list[dict[str, Any]]:
    """One row for each node and step, from the samples."""
    return [row for one in series for row in _node_rows(one)]


def _node_rows(one: NodeSeries) -> Iterator[dict[str, Any]]:
    total_w = total_power_w(one)
    for i, (start_ms, end_ms) in enumerate(zip(one.start_ms, one.ts_ms, strict=True)):
        used = _sum([board.utilisation[i] for board in one.gpus])
        yield {
            **_step(one.node, start_ms, end_ms),
            "cpus_used": one.cpu_used[i],
            "cpus_held": one.cpus or None,
            "memory_bytes": one.memory_bytes[i],
            "memory_held_bytes": one.memory_allocated_bytes or None,
            "gpu_utilisation": None if used is None else used / len(one.gpus),
            "gpu_memory_bytes": _sum([board.memory_bytes[i] for board in one.gpus]),
            "power_w": total_w[i],
            **{layer.key: one.power_w[layer.key][i] if layer.key in one.power_w else None for layer in POWER_LAYERS},
            **{
                f"{name}_bytes_per_s": one.traffic_bytes_per_s[name][i] if name in one.traffic_bytes_per_s else None
                for name in TRAFFIC
            },
            "source": "samples",
        }


def window_rows(windows: JobWindows) -> list[dict[str, Any]]:
    """One row for each node and step, from the bookings: for jobs with too many samples to be read for a file."""
    return [
        {
            **_step(node, start_ms, start_ms + windows.step_ms),
            "cpu_ratio": windows.cpu_ratio[n][i],
            "memory_bytes": windows.memory_bytes[n][i],
            "memory_held_bytes": windows.memory_held_bytes[n] or None,
            "power_w": windows.power_w[n][i],
            "held_s": windows.held_s[n][i],
            "source": "bookings",
        }
        for n, node in enumerate(windows.nodes)
        for i, start_ms in enumerate(windows.start_ms)
    ]


def _step(node: str, start_ms: int, end_ms: int) -> dict[str, Any]:
    return {
        "node": node,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "start": iso_time(start_ms, "UTC"),
        "end": iso_time(end_ms, "UTC"),
    }


def _sum(values: Sequence[float | None]) -> float | None:
    """None where one is unknown, or there is none: a sum with a hole would be too low."""
    return None if not values or None in values else sum(value or 0.0 for value in values)
