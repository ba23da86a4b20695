"""One page about a job, to be printed or kept: PDF, drawn by hand, with fonts of its own."""

import io
from collections.abc import Sequence
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from aggregator.queries.figure_words import origin_text
from aggregator.queries.job_models import Advices, GpuUse, JobWindows
from aggregator.queries.models import JobHead, Status
from dash_app.components.evidence import uncertainty_text
from dash_app.components.job_state import state_label
from dash_app.figures.theme import BLUE, COMPONENT_COLOURS, COMPONENT_LABELS, GREY
from dash_app.language import _
from dash_app.text import (
    format_bytes,
    format_co2,
    format_cost,
    format_count,
    format_duration,
    format_energy,
    format_moment,
    format_power,
    format_share,
    format_time,
    unknown,
)
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.hostlist import compress

_PLAIN, _BOLD = "maxwatt", "maxwatt-bold"
_LEFT: Final = 48.0
_RIGHT: Final = A4[0] - 48.0
_DIM, _LINE, _TEXT = HexColor("#59636e"), HexColor("#d5dbe1"), HexColor("#1b2128")
_INSTEAD: Final = str.maketrans({"₂": "2", "\u202f": " ", "≈": "~", "≥": ">=", "–": "-"})
_MOST_LINES: Final = 3
_PLOT_PT: Final = 110.0

Pairs = Sequence[tuple[str, str]]


def job_report(
    detail: JobHead,
    gpus: GpuUse | None,
    advices: Advices | None,
    windows: JobWindows | None,
    status: Status,
    now_ms: int,
) -> bytes:
    """The page as a PDF file."""
    _register_fonts()
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, pageCompression=1)
    page.setTitle(f"maxwatt job {detail.row.job_id}")
    y = _head(page, detail, status, A4[1] - 56)
    y = _pairs(page, _figures(detail, status), y - 12, size=13, label=9, columns=3)
    y = _section(page, _("Used of what was reserved"), y - 6)
    y = _bars(page, _use(detail, gpus), y)
    y = _section(page, _("Where the energy went"), y - 4)
    y = _components(page, detail, y)
    if windows is not None:
        y = _section(page, _("Mean power over time"), y - 4)
        y = _plot(page, windows, status.timezone, y)
    if advices is not None and advices.advices:
        y = _section(page, _("What to change"), y - 4)
        y = _lines(page, [advice.line for advice in advices.advices if advice.line], y)
    y = _section(page, _("What Slurm knows"), y - 4)
    _pairs(page, _facts(detail, status), y, size=8.5, label=7, columns=2)
    _foot(page, detail, status, now_ms)
    page.save()
    return file.getvalue()


def printable(text: str) -> str:
    """What the font has; the rest is a question mark, and nothing breaks the line."""
    glyphs = pdfmetrics.getFont(_PLAIN).face.charToGlyph
    plain = text.translate(_INSTEAD)
    return "".join(sign if ord(sign) in glyphs and sign.isprintable() else "?" for sign in plain)


def _register_fonts() -> None:
    if _PLAIN not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_BOLD, "VeraBd.ttf"))
        pdfmetrics.registerFont(TTFont(_PLAIN, "Vera.ttf"))


def _write(page: Canvas, x: float, y: float, text: str, size: float, width: float, *, bold: bool = False) -> None:
    """One line, cut where it is too wide [pt]."""
    font, shown = _BOLD if bold else _PLAIN, printable(text)
    if pdfmetrics.stringWidth(shown, font, size) > width:
        while shown and pdfmetrics.stringWidth(shown + "...", font, size) > width:
            shown = shown[: max(len(shown) - 2, 0)]
        shown += "..."
    page.setFont(font, size)
    page.drawString(x, y, shown)


def _head(page: Canvas, detail: JobHead, status: Status, y: float) -> float:
    row = detail.row
    page.setFillColor(_TEXT)
    _write(page, _LEFT, y, f"{_('Job')} {row.shown_id}  {row.name}", 18, _RIGHT - _LEFT - 130, bold=True)
    page.setFillColor(_DIM)
    page.setFont(_PLAIN, 9)
    page.drawRightString(_RIGHT, y + 3, printable(f"{status.cluster} · {state_label(row.state)}"))
    started = format_time(row.start_ms, status.timezone)
    line = " · ".join(part for part in (row.user, row.account, row.partition, started) if part)
    _write(page, _LEFT, y - 16, line, 9, _RIGHT - _LEFT)
    if status.simulated:
        page.drawRightString(_RIGHT, y - 16, printable(_("Simulated data")))
    return y - 26


def _figures(detail: JobHead, status: Status) -> Pairs:
    row = detail.row
    mean_w = row.energy_j / row.elapsed_s if row.energy_j is not None and row.elapsed_s > 0 else None
    cost = [(_("Cost"), format_cost(row.cost, status.currency))] if row.cost is not None else []
    return [
        (f"{_('Energy')} ({uncertainty_text(row.evidence)})", format_energy(row.energy_j)),
        (_("CO₂ equivalent"), format_co2(row.co2_g)),
        *cost,
        (_("Mean power"), format_power(mean_w)),
        (_("Wasted"), format_energy(row.waste_j)),
        (_("Elapsed"), format_duration(row.elapsed_s)),
    ]


def _use(detail: JobHead, gpus: GpuUse | None) -> list[tuple[str, float | None]]:
    row = detail.row
    boards = [] if gpus is None else [(_("GPU"), gpus.utilisation), (_("GPU memory"), _gpu_memory(gpus))]
    limit = row.elapsed_s / row.time_limit_s if row.time_limit_s else None
    return [(_("CPU"), row.cpu_efficiency), (_("Memory"), row.memory_efficiency), *boards, (_("Time"), limit)]


def _gpu_memory(gpus: GpuUse) -> float | None:
    peak, total = gpus.memory_peak_bytes, gpus.memory_total_bytes
    return peak / total if peak is not None and total else None


def _facts(detail: JobHead, status: Status) -> Pairs:
    row = detail.row
    known = [
        (_("Submitted"), format_time(detail.submit_ms, status.timezone)),
        (_("Ended"), _("still running") if row.end_ms is None else format_time(row.end_ms, status.timezone)),
        (_("Time limit"), format_duration(row.time_limit_s)),
        (_("QOS"), detail.qos),
        (_("Nodes"), f"{format_count(row.node_count)}: {row.node_list or compress(n.node for n in detail.nodes)}"),
        (_("CPUs"), format_count(row.cpus)),
        (_("Memory"), format_bytes(detail.memory_bytes if detail.memory_bytes > 0 else None)),
        (_("GPUs"), detail.gpus or format_count(row.gpu_count)),
        (_("Features"), detail.features),
        (_("Command"), detail.command),
        (_("Work folder"), detail.work_dir),
        (_("Stdout"), detail.stdout),
        (_("Stderr"), detail.stderr),
        (_("Carbon factor"), origin_text(detail.figures, Quantity.INTENSITY)),
    ]
    return [(name, text or unknown()) for name, text in known]


def _section(page: Canvas, title: str, y: float) -> float:
    page.setStrokeColor(_LINE)
    page.line(_LEFT, y, _RIGHT, y)
    page.setFillColor(_TEXT)
    _write(page, _LEFT, y - 15, title, 10, _RIGHT - _LEFT, bold=True)
    return y - 24


def _pairs(page: Canvas, pairs: Pairs, y: float, *, size: float, label: float, columns: int) -> float:
    """Names above their values, some in a row."""
    width, high = (_RIGHT - _LEFT) / columns, size + label + 8
    for number, (name, text) in enumerate(pairs):
        x, top = _LEFT + width * (number % columns), y - high * (number // columns)
        page.setFillColor(_DIM)
        _write(page, x, top - label, name, label, width - 8)
        page.setFillColor(_TEXT)
        _write(page, x, top - label - size - 2, text, size, width - 8)
    return y - high * -(-len(pairs) // columns)


def _bars(page: Canvas, bars: Sequence[tuple[str, float | None]], y: float) -> float:
    for name, ratio in bars:
        page.setFillColor(_TEXT)
        _write(page, _LEFT, y - 8, name, 9, 80)
        page.drawRightString(_RIGHT, y - 8, printable(format_share(ratio)))
        page.setFillColor(_LINE)
        page.rect(_LEFT + 84, y - 8, _RIGHT - _LEFT - 140, 6, stroke=0, fill=1)
        if ratio is not None:
            page.setFillColor(HexColor(BLUE))
            page.rect(_LEFT + 84, y - 8, (_RIGHT - _LEFT - 140) * min(max(ratio, 0.0), 1.0), 6, stroke=0, fill=1)
        y -= 15
    return y


def _components(page: Canvas, detail: JobHead, y: float) -> float:
    sums = {
        name: [detail.sums.energy_j.get(f"{name}_{part}_j", 0.0) for part in ("static", "dynamic")]
        for name in COMPONENT_COLOURS
    }
    columns = (_LEFT + 84, _LEFT + 200, _LEFT + 316)
    page.setFillColor(_DIM)
    for x, head in zip(columns, (_("Static"), _("Dynamic"), _("Both")), strict=True):
        _write(page, x, y - 8, head, 8, 100)
    for name, (static_j, dynamic_j) in sums.items():
        if static_j or dynamic_j:
            y -= 14
            page.setFillColor(HexColor(COMPONENT_COLOURS[name]))
            page.rect(_LEFT, y - 8, 6, 6, stroke=0, fill=1)
            page.setFillColor(_TEXT)
            _write(page, _LEFT + 10, y - 8, _(COMPONENT_LABELS[name]), 9, 72)
            for x, amount_j in zip(columns, (static_j, dynamic_j, static_j + dynamic_j), strict=True):
                _write(page, x, y - 8, format_energy(amount_j), 9, 100)
    return y - 14


def _plot(page: Canvas, windows: JobWindows, zone: str, y: float) -> float:
    """Sum over the nodes as steps; open where a node that was held is not known."""
    steps = [_sum_of([line[i] for line in windows.power_w], [line[i] for line in windows.held_s])
             for i in range(len(windows.start_ms))]  # fmt: skip
    top = max((value or 0.0 for value in steps), default=0.0) or 1.0
    low, width = y - _PLOT_PT, (_RIGHT - _LEFT - 50) / len(steps)
    page.setFillColor(HexColor(BLUE))
    for number, value in enumerate(steps):
        if value is not None:
            page.rect(_LEFT + 50 + number * width, low, width, value / top * (_PLOT_PT - 8), stroke=0, fill=1)
    page.setStrokeColor(HexColor(GREY))
    page.line(_LEFT + 50, low, _RIGHT, low)
    page.setFillColor(_DIM)
    _write(page, _LEFT, y - 14, format_power(top), 8, 48)
    _write(page, _LEFT, low, format_power(0.0), 8, 48)
    _write(page, _LEFT + 50, low - 11, format_moment(windows.start_ms[0], zone), 8, 150)
    end_ms = windows.start_ms[-1] + windows.step_ms
    page.drawRightString(_RIGHT, low - 11, printable(format_moment(end_ms, zone)))
    return low - 18


def _sum_of(values: Sequence[float | None], held_s: Sequence[float]) -> float | None:
    known = [value for value, held in zip(values, held_s, strict=True) if held > 0]
    return None if not known or None in known else sum(value or 0.0 for value in known)


def _lines(page: Canvas, lines: Sequence[str], y: float) -> float:
    for line in lines[:_MOST_LINES]:
        page.setFillColor(_TEXT)
        _write(page, _LEFT, y - 8, line, 9, _RIGHT - _LEFT)
        y -= 13
    return y - 2


def _foot(page: Canvas, detail: JobHead, status: Status, now_ms: int) -> None:
    version = "" if detail.row.evidence is None else _("method {version}", version=detail.row.evidence.method_version)
    page.setFillColor(_DIM)
    made = _("maxwatt, made {time}", time=format_time(now_ms, status.timezone))
    _write(page, _LEFT, 34, " · ".join(part for part in (made, version) if part), 8, _RIGHT - _LEFT)
