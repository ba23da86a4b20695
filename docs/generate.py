"""Writes the docs that come from code: references, the method's worked example, the app's copy of the method.

`--check` fails when one is stale.
"""

import argparse
import dataclasses
import json
import os
import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import worked_example
from dash_app.api.catalogue import RESOURCES
from dash_app.api.openapi import document
from maxwatt.cli import COMMANDS, command_parser
from maxwatt.config import SECTIONS, Application
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.schema import MEASUREMENTS, prometheus_name

DOCS = Path(__file__).parent
APP_COPY = DOCS.parent / "dash_app" / "documents" / "method.md"

EXAMPLE = """\
[cluster]
name = "wega"
timezone = "Europe/Berlin"

[slurm]
live = "scontrol"
accounting = "sacct"

[carbon]
zone = "DE"
pue = 1.2

[cost]
price_per_kwh = 0.24

[[node_models]]
name = "thin"
nodes = "wn[001-200]"
cpu_idle_w = 90
cpu_max_w = 400
dram_idle_w = 12
dram_max_w = 35
rest_base_w = 70
"""


def metrics() -> str:
    """Every measurement and field, with its Prometheus name."""
    parts = ["# Metrics\n", "Timestamps are whole milliseconds, UTC. A field that could not be read is left out.\n"]
    for measurement in MEASUREMENTS.values():
        tags = ", ".join(f"`{tag.name}` ({tag.help})" for tag in measurement.tags)
        parts += [f"## `{measurement.name}`\n", f"{measurement.help}. Tags: {tags}.\n"]
        parts += ["| field | Prometheus name | kind | unit | meaning |", "|---|---|---|---|---|"]
        parts += [
            f"| `{field.name}` | `{prometheus_name(measurement, field)}` | {field.kind} | {field.unit} | {field.help} |"
            for field in measurement.fields
        ]
        parts.append("")
    return "\n".join(parts)


def configuration() -> str:
    """Every setting with its default."""
    parts = ["# Configuration\n", "One TOML file; every key is optional. Unknown keys are refused.\n"]
    for name, kind in SECTIONS.items():
        parts += [f"## `[{name}]`\n", f"{kind.__doc__}\n", "| key | type | default | meaning |", "|---|---|---|---|"]
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            default = "" if field.default in (None, "", ()) else f"`{_toml(field.default)}`"
            parts.append(f"| `{field.name}` | {_type(hints[field.name])} | {default} | {field.metadata['help']} |")
        parts.append("")
    parts += ["## `[[applications]]`\n", f"{Application.__doc__}\n", "| key | default | meaning |", "|---|---|---|"]
    parts += [f"| `{f.name}` | {_default(f.default)} | {f.metadata['help']} |" for f in dataclasses.fields(Application)]
    parts += ["", "## `[[node_models]]`\n", f"{(NodeModel.__doc__ or '').splitlines()[0]}\n"]
    parts += ["| key | default | meaning |", "|---|---|---|"]
    meanings = _meanings(NodeModel.__doc__ or "")
    parts += [f"| `{f.name}` | {_default(f.default)} | {meanings[f.name]} |" for f in dataclasses.fields(NodeModel)]
    parts += ["", "`nodes` is a host list such as `wn[001-200]`; powers are watts per node, GPU powers per board.", ""]
    parts += ["## A server's file\n", f"```toml\n{EXAMPLE}```", ""]
    return "\n".join(parts)


def _default(value: object) -> str:
    return "" if value in ((), "", dataclasses.MISSING) else f"`{_toml(value)}`"


def _meanings(docstring: str) -> dict[str, str]:
    """What the `Args:` of a docstring say of each name; `a, b: text` holds for both."""
    found = (re.match(r" {8}([\w, ]+): (.+)", line) for line in docstring.splitlines())
    return {name: match[2].removesuffix(".") for match in found if match for name in match[1].split(", ")}


def command_line() -> str:
    """The `--help` of every command."""
    parts = ["# Command line\n"]
    for name in COMMANDS:
        for parser in _with_subcommands(command_parser(name)):
            depth = "#" * parser.prog.count(" ")
            parts += [f"#{depth} `{parser.prog}`\n", "```text", parser.format_help().rstrip(), "```\n"]
    return "\n".join(parts)


def _with_subcommands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:  # argparse tells nowhere else
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _type(hint: object) -> str:
    return {"tuple[str, ...]": "list", "float | None": "float"}.get(str(hint), getattr(hint, "__name__", str(hint)))


PAGES: dict[str, Callable[[], str]] = {
    "metrics.md": metrics,
    "configuration.md": configuration,
    "command-line.md": command_line,
}


def method(page: str) -> str:
    """The method page with its worked example as the code computes it today."""
    head, opening, rest = page.partition("<!-- example -->\n")
    _, closing, tail = rest.partition("<!-- /example -->\n")
    if not closing:
        raise ValueError("docs/method.md: the marks around the worked example are missing")
    return f"{head}{opening}\n{worked_example.section()}\n{closing}{tail}"


def for_the_app(page: str) -> str:
    """A page as the app shows it: without comments, and without links to files that it does not have."""
    text = re.sub(r"<!--.*?-->\n\n?", "", page)
    return re.sub(r"\[([^]]+)\]\((?!https?:|#)[^)]+\)", r"\1", text)


def outputs() -> dict[Path, str]:
    """Every file that is made, with its text."""
    made = {DOCS / name: f"<!-- made by docs/generate.py -->\n{make()}" for name, make in PAGES.items()}
    page = method((DOCS / "method.md").read_text(encoding="utf-8"))
    api = json.dumps(document(RESOURCES), indent=1, ensure_ascii=False) + "\n"
    return made | {DOCS / "method.md": page, APP_COPY: for_the_app(page), DOCS / "openapi.json": api}


def main() -> int:
    """Write the pages, or with `--check` tell which are stale (exit 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    os.environ["COLUMNS"] = "100"  # argparse wraps by the terminal; the docs must not depend on it
    stale = []
    for path, text in outputs().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(DOCS.parent)))
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if check and stale:
        sys.stderr.write(f"stale: {', '.join(stale)}. Run: .venv/bin/python docs/generate.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
