"""What a job used of what it reserved, as bars."""

from dash import html

from aggregator.queries.job_models import GpuUse
from aggregator.queries.models import JobHead, JobRow
from dash_app.components.bars import use_bar
from dash_app.components.charts import card
from dash_app.components.job_facts import elapsed_text
from dash_app.language import _, _n
from dash_app.text import format_bytes, format_number
from maxwatt.domain.units import S_PER_H


def use_card(detail: JobHead, gpus: GpuUse | None) -> html.Section:
    """A bar each for CPU, memory, GPU and GPU memory where the job has any, and time."""
    row = detail.row
    used_s, peak = detail.sums.cpu_used_s, detail.sums.memory_peak_bytes
    held = sum(node.memory_bytes for node in detail.nodes) or detail.memory_bytes
    time_ratio = row.elapsed_s / row.time_limit_s if row.time_limit_s else None
    bars = [
        use_bar(_("CPU"), row.cpu_efficiency, _cpu_use(used_s, _reserved_s(row, used_s))),
        use_bar(_("Memory"), row.memory_efficiency, _memory_use(peak, held)),
        *_gpu_bars(row, gpus),
        use_bar(_("Time"), time_ratio, elapsed_text(row)),
    ]
    return card(_("Used of what was reserved"), html.Div(bars, className="mw-bars"))


def _gpu_bars(row: JobRow, gpus: GpuUse | None) -> list[html.Div]:
    if gpus is None and not row.gpu_count:
        return []
    if gpus is None or not gpus.boards:
        return [use_bar(_("GPU"), None, _gpus_unknown(gpus)), use_bar(_("GPU memory"), None, _("not read"))]
    peak, total = gpus.memory_peak_bytes, gpus.memory_total_bytes
    memory = peak / total if peak is not None and total else None
    text = _("mean over {boards}", boards=_boards(gpus))
    return [
        use_bar(_("GPU"), gpus.utilisation, text),
        use_bar(_("GPU memory"), memory, _memory_use(peak, total or 0.0)),
    ]


def _boards(gpus: GpuUse) -> str:
    seen = _n("{n} board", "{n} boards", len(gpus.boards))
    of = _(", evenly chosen of {held}", held=gpus.held) if gpus.held > len(gpus.boards) else ""
    parts = _("; of parts of boards nothing tells it") if gpus.parts else ""
    return f"{seen}{of}{parts}"


def _gpus_unknown(gpus: GpuUse | None) -> str:
    if gpus is not None and gpus.parts:
        return _("parts of boards: nobody can tell whose work it was")
    return _("no readings of its boards")


def _reserved_s(row: JobRow, used_s: float | None) -> float:
    """CPU seconds held [s]: those that the efficiency was taken over, which for a running job end with the bookings."""
    if used_s and row.cpu_efficiency:
        return used_s / row.cpu_efficiency
    return row.cpus * row.elapsed_s


def _cpu_use(used_s: float | None, reserved_s: float) -> str:
    hours = reserved_s >= S_PER_H
    size = S_PER_H if hours else 1.0
    held = format_number(reserved_s / size)
    if used_s is None:
        return _("of {held} CPU hours reserved", held=held) if hours else _("of {held} CPU seconds reserved", held=held)
    used = format_number(used_s / size)
    if hours:
        return _("{used} of {held} CPU hours", used=used, held=held)
    return _("{used} of {held} CPU seconds", used=used, held=held)


def _memory_use(peak_bytes: float | None, held_bytes: float) -> str:
    held = format_bytes(held_bytes) if held_bytes > 0 else _("an unknown amount")
    if peak_bytes is None:
        return _("of {held} reserved", held=held)
    return _("{peak} at its peak of {held}", peak=format_bytes(peak_bytes), held=held)
