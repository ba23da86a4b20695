"""`maxwatt job ID`: what one job used, from the ledger."""

import argparse
import re
from collections.abc import Sequence

from aggregator.queries.explain import Explanation
from aggregator.queries.explain_words import closing_lines, node_lines
from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.models import FigureUse, JobDetail, JobFilter, JobRow, NodeShare, Status
from aggregator.queries.queries import Queries
from maxwatt.cli._format import (
    clean,
    cost_text,
    evidence_text,
    figure_text,
    header_lines,
    print_json,
    print_pairs,
    print_table,
)
from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._reading import opened_queries
from maxwatt.cli._time import parse_moment
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.clock import now_ms
from maxwatt.domain.energy import COMPONENTS, PARTS
from maxwatt.domain.errors import InputError, NoData
from maxwatt.domain.formatting import (
    format_bytes,
    format_co2,
    format_duration,
    format_energy,
    format_share,
    format_time,
    iso_time,
)
from maxwatt.domain.viewer import ADMIN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt job`."""
    parser.add_argument("id", metavar="ID", help="job id, array task 123_4, or part 123+1 of a het job")
    parser.add_argument(
        "--start", metavar="TIME", help="start of the attempt, where a job was requeued (default: last)"
    )
    parser.add_argument("--explain", action="store_true", help="how the figure came about, node by node")
    parser.add_argument("--json", action="store_true", help="as JSON: SI units, named in the keys")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the job."""
    settings = settings_of(args)
    zone = settings.cluster.timezone
    start_ms = parse_moment(args.start, zone, now_ms()) if args.start else None
    with opened_queries(settings) as queries:
        job_id = _job_id(queries, args.id)
        attempts = queries.job_attempts(ADMIN, job_id)
        detail = queries.job(ADMIN, job_id, start_ms)
        if detail is None:
            raise NoData(_no_such_job(args.id, attempts, zone))
        explained = queries.explain(ADMIN, job_id, start_ms) if args.explain else None
        _print_job(detail, attempts, queries.status(ADMIN), explained, as_json=args.json)
    return 0


def _job_id(queries: Queries, text: str) -> int:
    match = re.fullmatch(r"(\d{1,18})(?:([_+])(\d{1,18}))?", text, re.ASCII)
    if not match:
        raise InputError(
            f"{text!r} is no job id; it is a number such as 4711, an array task such as 4711_3, "
            "or a part of a heterogeneous job such as 4711+1"
        )
    if match[2] is None:
        return int(match[1])
    shown = f"{int(match[1])}{match[2]}{int(match[3])}"
    page = queries.jobs(ADMIN, JobFilter(text=shown), "start_ms", True, 0, 100)
    found = [row.job_id for row in page.rows if row.shown_id == shown]
    if not found:
        kind = "array task" if match[2] == "_" else "part of a heterogeneous job"
        raise NoData(f"the ledger knows no {kind} {text}")
    return found[0]


def _no_such_job(text: str, attempts: tuple[JobRow, ...], zone: str) -> str:
    if not attempts:
        return f"the ledger knows no job {text}; is it of another cluster, or did it never start?"
    starts = ", ".join(iso_time(row.start_ms, zone) or "" for row in attempts)
    return f"job {text} has no attempt with that start; its attempts began at {starts}"


def _print_job(
    detail: JobDetail, attempts: tuple[JobRow, ...], status: Status, explained: Explanation | None, *, as_json: bool
) -> None:
    if as_json:
        head = {"command": "job", "cluster": status.cluster, "simulated": status.simulated, "currency": status.currency}
        starts = [row.start_ms for row in attempts]
        explanation = {} if explained is None else {"explanation": explained}
        print_json({**head, "job": detail, "attempts_start_ms": starts, **explanation}, status.timezone)
        return
    for line in header_lines(status):
        print(line)
    print()
    print_pairs([*_facts(detail, attempts, status.timezone), *_figures(detail, status.currency)])
    _print_energy(detail)
    _print_nodes(detail)
    if explained is not None:
        _print_explanation(explained)


def _print_explanation(explained: Explanation) -> None:
    print("\nHow the figure came about")
    for node in explained.nodes:
        print(f"\n{clean(node.share.node)}")
        for line in node_lines(node):
            print(f"  {line}")
    print()
    for line in closing_lines(explained):
        print(line)


def _facts(detail: JobDetail, attempts: tuple[JobRow, ...], zone: str) -> list[tuple[str, str]]:
    row = detail.row
    array = "" if row.shown_id == str(row.job_id) else f" ({row.shown_id})"
    name = f" {row.name}" if row.name else ""
    number = 1 + sum(attempt.start_ms < row.start_ms for attempt in attempts)
    which = f", attempt {number} of {len(attempts)}" if len(attempts) > 1 else ""
    code = "" if row.exit_code is None else f", exit code {row.exit_code}"
    signal = f", signal {detail.exit_signal}" if detail.exit_signal else ""
    reason = f" ({detail.state_reason})" if detail.state_reason not in ("", "None") else ""
    facts = [
        ("Job", f"{row.job_id}{name}{array}" + which),
        ("State", row.state + reason + code + signal),
        ("User", f"{row.user}, account {row.account or 'none'}"),
        ("Partition", row.partition + (f", QOS {detail.qos}" if detail.qos else "")),
        ("Submitted", format_time(detail.submit_ms, zone)),
        ("Started", format_time(row.start_ms, zone)),
        ("Ended", "still running" if row.end_ms is None else format_time(row.end_ms, zone)),
        ("Elapsed", format_duration(row.elapsed_s) + f" of {_limit(row.time_limit_s)}"),
        ("Nodes", f"{row.node_count}: {row.node_list or 'not known'}"),
        ("CPUs", str(row.cpus)),
        ("GPUs", detail.gpus or (str(row.gpu_count) if row.gpu_count else "")),
        ("Features", detail.features),
        ("Command", detail.command),
        ("Directory", detail.work_dir),
        ("Output", detail.stdout),
        ("Errors", detail.stderr),
        ("Comment", detail.comment),
    ]
    return [(label, value) for label, value in facts if value]


def _limit(time_limit_s: int | None) -> str:
    return "no known limit" if time_limit_s is None else format_duration(time_limit_s)


def _figures(detail: JobDetail, currency: str) -> list[tuple[str, str]]:
    row = detail.row
    per_kwh = f"{currency}/kWh"
    figures = detail.figures
    market = _valued(figures, Quantity.MARKET, "CO₂, market", row.co2_market_g, format_co2(row.co2_market_g), "g/kWh")
    cost = _valued(figures, Quantity.PRICE, "Cost", row.cost, cost_text(row.cost, currency), per_kwh)
    pue = mean_value(figures, Quantity.PUE)
    embodied = [("Embodied CO₂", f"{format_co2(detail.embodied_g)}, not part of the above")]
    slurm = [("Slurm says", f"{format_energy(detail.consumed_energy_j)} (ConsumedEnergy: whole nodes, shared or not)")]
    full = [("With idle", f"{format_energy(detail.full_j)}: its part of the whole meter on its days")]
    return [
        ("CPU efficiency", format_share(row.cpu_efficiency)),
        ("Memory efficiency", format_share(row.memory_efficiency)),
        ("Energy", f"{format_energy(row.energy_j)} ({evidence_text(row.evidence)})"),
        *(full if detail.full_j is not None else []),
        ("Waste", format_energy(row.waste_j)),
        ("CO₂", format_co2(row.co2_g) + figure_text(figures, Quantity.INTENSITY, "g/kWh")),
        *market,
        *cost,
        *(embodied if detail.embodied_g is not None else []),
        *(slurm if detail.consumed_energy_j is not None else []),
        *([] if pue is None else [("PUE", f"{pue:.3g}, {origin_text(figures, Quantity.PUE)}")]),
    ]


def _valued(
    figures: Sequence[FigureUse], quantity: Quantity, label: str, value: float | None, shown: str, unit: str
) -> list[tuple[str, str]]:
    """A line for what has a value, with its figure."""
    return [] if value is None else [(label, shown + figure_text(figures, quantity, unit))]


def _print_energy(detail: JobDetail) -> None:
    """Energy by component, static and dynamic apart, summed over the nodes; nothing where nothing is booked."""
    energy_j = detail.sums.energy_j
    if not energy_j or detail.row.energy_j is None:
        return
    rows = []
    for component in COMPONENTS:
        parts = [energy_j[f"{component}_{part}_j"] for part in PARTS]
        if any(parts):
            rows.append([component.value, *map(format_energy, parts), format_energy(sum(parts))])
    print_table({"component": "left", "static": "right", "dynamic": "right", "sum": "right"}, rows)


def _print_nodes(detail: JobDetail) -> None:
    if not detail.nodes:
        return
    right = ("CPUs", "CPU time", "memory peak", "of", "GPUs", "energy")
    print_table({"node": "left"} | dict.fromkeys(right, "right"), map(_node_cells, detail.nodes))
    if any(share.allocation_modelled for share in detail.nodes):
        print("The split over the nodes was not seen live: it is assumed to be even.")


def _node_cells(share: NodeShare) -> list[str]:
    energy_j = sum(share.energy_j.values()) if share.energy_j else None
    return [
        share.node,
        f"{share.cpus:g}",
        format_duration(share.cpu_used_s),
        format_bytes(share.memory_peak_bytes),
        format_bytes(share.memory_bytes or None),
        ",".join(map(str, share.gpus)),
        format_energy(energy_j),
    ]
