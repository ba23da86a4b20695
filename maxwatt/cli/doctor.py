"""`maxwatt doctor`: what is well with the data and what is not, with its size and its mend."""

import argparse
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aggregator.queries.checks.finding import Finding, Level
from aggregator.queries.health import DAYS, Fault, Health
from maxwatt.cli._format import clean, header_lines, print_json
from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._reading import opened_queries
from maxwatt.config import Settings
from maxwatt.domain.formatting import format_bytes, format_share, format_time
from maxwatt.domain.viewer import ADMIN

MARKS: Final = {Level.FAULT: "✗", Level.WARNING: "!", Level.OK: "✓"}
FULL: Final = 0.05
"""A data folder with less free space than this share of its disk is told."""
SHOWN_FAULTS: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt doctor`."""
    parser.add_argument("--json", action="store_true", help="as JSON: SI units, named in the keys")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 where one of them is a fault."""
    settings = settings_of(args)
    with opened_queries(settings) as queries:
        health, status = queries.health(ADMIN, DAYS), queries.status(ADMIN)
    if health is None:  # the administrator sees all
        raise RuntimeError("the administrator was refused")
    health = Health((*_folder(settings), *health.findings), health.faults)
    if args.json:
        head = {"command": "doctor", "cluster": status.cluster, "simulated": status.simulated}
        print_json(
            {**head, "worst": health.worst, "findings": health.findings, "faults": health.faults}, status.timezone
        )
    else:
        print("\n".join(header_lines(status)))
        _print(health, status.timezone)
    return 1 if health.worst is Level.FAULT else 0


def _print(health: Health, zone: str) -> None:
    for level in MARKS:
        for finding in health.findings:
            if finding.level is level:
                print("\n".join(_lines(finding)))
    if health.faults:
        print(f"\nNoted in the last days ({len(health.faults)}):")
        for fault in health.faults[:SHOWN_FAULTS]:
            print(f"  {_fault_line(fault, zone)}")
        if len(health.faults) > SHOWN_FAULTS:
            print(f"  {len(health.faults) - SHOWN_FAULTS} more: see the page on data quality, or --json")


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{MARKS[finding.level]} {finding.area}: {clean(finding.sentence)}"
    if finding.places:
        yield f"    {clean(', '.join(finding.places))}"
    if finding.mend:
        yield f"    → {finding.mend}"


def _fault_line(fault: Fault, zone: str) -> str:
    times = f" ({fault.count} times)" if fault.count > 1 else ""
    return f"{format_time(fault.seen_ms, zone)}  {clean(fault.source)}: {clean(fault.message)}{times}"


def _folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: whether others can read it, and whether it is nearly full."""
    folder = Path(settings.server.data_dir)
    if not folder.is_dir():
        return
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            sentence = f"{path} may be read by others (mode {mode:03o}): samples, jobs and tokens are everybody's."
            yield Finding(Level.WARNING, "folder", sentence, f"chmod 600 {path}")
    disk = shutil.disk_usage(folder)
    if disk.free < FULL * disk.total:
        free = f"{format_bytes(disk.free)} ({format_share(disk.free / disk.total)})"
        yield Finding(
            Level.WARNING, "folder", f"The disk of {folder} has {free} left.", "Make room, or set [retention]."
        )
