"""`maxwatt top`: users, accounts, partitions, QOS, nodes, node groups or jobs by energy, from the ledger."""

import argparse
from typing import Final

from aggregator.queries.accounts import ACCOUNT_NAMES
from aggregator.queries.energy_models import EnergyRow, EnergySummary, Grouping, NodeEnergyRow
from aggregator.queries.jobs import MAX_LIMIT
from aggregator.queries.models import JobFilter, JobRow, Status
from aggregator.queries.queries import Queries
from maxwatt.cli._format import cost_text, evidence_text, figure_text, header_lines, print_json, print_table
from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._reading import opened_queries
from maxwatt.cli._time import add_time_options, span_of
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.errors import InputError
from maxwatt.domain.formatting import (
    format_co2,
    format_duration,
    format_energy,
    format_kwh,
    format_number,
    format_share,
    format_time,
)
from maxwatt.domain.viewer import ADMIN

GROUPS: Final[dict[str, Grouping]] = {"users": "user", "accounts": "account", "partitions": "partition", "qos": "qos"}


PLACES: Final = ("nodes", "groups")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt top`."""
    parser.add_argument("what", choices=[*GROUPS, *PLACES, "jobs"], help="what to list, most energy first")
    add_time_options(parser)
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="most rows shown (default: 20)")
    parser.add_argument("--json", action="store_true", help="as JSON: SI units, named in the keys")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    if not 1 <= args.limit <= MAX_LIMIT:
        raise InputError(f"--limit is 1 to {MAX_LIMIT}, not {args.limit}")
    settings = settings_of(args)
    span_ms = span_of(args, settings.cluster.timezone)
    with opened_queries(settings) as queries:
        if args.what == "jobs":
            _top_jobs(queries, span_ms, args)
        elif args.what in PLACES:
            _top_places(queries, span_ms, args)
        else:
            _top_groups(queries, span_ms, args)
    return 0


def _top_groups(queries: Queries, span_ms: tuple[int, int], args: argparse.Namespace) -> None:
    status, summary = queries.status(ADMIN), queries.energy_summary(ADMIN, *span_ms)
    rows = queries.energy_by(ADMIN, GROUPS[args.what], *span_ms)
    shown = rows[: args.limit]
    if args.json:
        _print_document(args.what, status, span_ms, {"total": len(rows), "summary": summary, "rows": shown})
        return
    _print_head(args.what, status, span_ms)
    money = any(row.cost is not None for row in shown)
    sessions = GROUPS[args.what] == "user" and any(row.sessions_j for row in shown)
    columns = {GROUPS[args.what]: "left", "jobs": "right", "CPU h": "right", "kWh": "right"}
    columns |= {"in sessions": "right"} if sessions else {}
    columns |= {"CO₂": "right", **({status.currency: "right"} if money else {})}
    print_table(
        columns | {"waste kWh": "right", "evidence": "left"},
        (_group_cells(row, money=money, sessions=sessions) for row in shown),
    )
    _print_rest(len(shown), len(rows))
    print()
    _print_summary(summary, status)


def _group_cells(row: EnergyRow, *, money: bool, sessions: bool) -> list[str]:
    at_least = "≥" if row.waste_j is not None and row.waste_unknown_j > 0 else ""
    return [
        row.name or "(none)",
        str(row.jobs),
        format_number(row.cpu_hours),
        format_kwh(row.energy_j),
        *([format_kwh(row.sessions_j)] if sessions else []),
        format_co2(row.co2_g),
        *([format_number(row.cost)] if money else []),
        at_least + format_kwh(row.waste_j),
        evidence_text(row.evidence),
    ]


def _top_places(queries: Queries, span_ms: tuple[int, int], args: argparse.Namespace) -> None:
    status, rows = queries.status(ADMIN), queries.energy_of_nodes(ADMIN, *span_ms, groups=args.what == "groups")
    shown = rows[: args.limit]
    if args.json:
        _print_document(args.what, status, span_ms, {"total": len(rows), "rows": shown})
        return
    _print_head(args.what, status, span_ms)
    accounts = [name for name in ACCOUNT_NAMES.values() if any(row.by_account_j.get(name) for row in shown)]
    columns = {args.what.removesuffix("s"): "left", "kWh": "right", "CO₂": "right"}
    columns |= dict.fromkeys((name.replace("_", " ") for name in accounts), "right") | {"evidence": "left"}
    print_table(columns, (_place_cells(row, accounts) for row in shown))
    _print_rest(len(shown), len(rows))


def _place_cells(row: NodeEnergyRow, accounts: list[str]) -> list[str]:
    parts = [row.by_account_j.get(name, 0.0) / row.energy_j if row.energy_j else None for name in accounts]
    return [
        row.name or "(none)",
        format_kwh(row.energy_j),
        format_co2(row.co2_g),
        *map(format_share, parts),
        evidence_text(row.evidence),
    ]


def _top_jobs(queries: Queries, span_ms: tuple[int, int], args: argparse.Namespace) -> None:
    wanted = JobFilter(since_ms=span_ms[0], until_ms=span_ms[1])
    status, page = queries.status(ADMIN), queries.jobs(ADMIN, wanted, "energy_j", True, 0, args.limit)
    if args.json:
        _print_document("jobs", status, span_ms, {"total": page.total, "rows": page.rows})
        return
    _print_head("jobs", status, span_ms)
    left, right = ("job", "user", "partition", "state"), ("elapsed", "CPUs", "CPU eff", "mem eff", "energy", "CO₂")
    columns = dict.fromkeys(left, "left") | dict.fromkeys(right, "right") | {"evidence": "left"}
    print_table(columns, map(_job_cells, page.rows))
    _print_rest(len(page.rows), page.total)


def _job_cells(row: JobRow) -> list[str]:
    return [
        row.shown_id,
        row.user,
        row.partition,
        row.state,
        format_duration(row.elapsed_s),
        str(row.cpus),
        format_share(row.cpu_efficiency),
        format_share(row.memory_efficiency),
        format_energy(row.energy_j),
        format_co2(row.co2_g),
        evidence_text(row.evidence),
    ]


def _print_head(what: str, status: Status, span_ms: tuple[int, int]) -> None:
    for line in header_lines(status):
        print(line)
    since, until = (format_time(moment_ms, status.timezone) for moment_ms in span_ms)
    whole = " that ran (figures are of the whole job)" if what == "jobs" else ""
    print(f"{what}{whole} from {since} to {until}")


def _print_rest(shown: int, total: int) -> None:
    if shown < total:
        print(f"{total - shown} more; show them with --limit")


def _print_summary(summary: EnergySummary, status: Status) -> None:
    if not summary.booked_s:
        print("all nodes: no meter and no model told an energy of this time")
        return
    shares = ", ".join(
        [
            f"jobs {_share(summary.jobs_j, summary)}",
            *([f"sessions {_share(summary.sessions_j, summary)}"] if summary.sessions_j else []),
            f"system {_share(summary.system_j, summary)}",
            f"idle {_share(summary.idle_j, summary)}{_idle_kinds(summary)}",
            f"unattributed {_share(summary.unattributed_j, summary)}",
        ]
    )
    cost = "" if summary.cost is None else f", {cost_text(summary.cost, status.currency)}"
    market = "" if summary.co2_market_g is None else f" (market-based {format_co2(summary.co2_market_g)})"
    print(f"all nodes: {format_energy(summary.total_j)}, {format_co2(summary.co2_g)} CO₂{market}{cost} ({shares})")
    print(f"           {evidence_text(summary.evidence)}")
    if summary.figures and summary.co2_g is not None:
        print(f"           CO₂{figure_text(summary.figures, Quantity.INTENSITY, 'g/kWh')}")


def _share(energy_j: float | None, summary: EnergySummary) -> str:
    return format_share(None if energy_j is None or not summary.total_j else energy_j / summary.total_j)


def _idle_kinds(summary: EnergySummary) -> str:
    """Of idle nodes that nobody could use, such as ` (of it drained 4 %)`."""
    kinds = {name: energy_j for name, energy_j in summary.idle_by_kind_j.items() if name != "idle"}
    told = ", ".join(f"{name.replace('_', ' ')} {_share(energy_j, summary)}" for name, energy_j in kinds.items())
    return f" (of it {told})" if told else ""


def _print_document(what: str, status: Status, span_ms: tuple[int, int], content: dict[str, object]) -> None:
    head = {
        "command": f"top {what}",
        "cluster": status.cluster,
        "simulated": status.simulated,
        "currency": status.currency,
        "since_ms": span_ms[0],
        "until_ms": span_ms[1],
        "booked_until_ms": status.booked_until_ms,
    }
    print_json({**head, **content}, status.timezone)
