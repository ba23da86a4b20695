"""What import-linter cannot say of the layers: who may start programs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_RUN_PROGRAMS = {"aggregator/sources/jobs/commands.py", "maxwatt/cli/simulation/this_machine.py"}
"""Slurm's commands, and the demo's own agent. Of the collectors only those of a BMC may join them."""

STARTERS = {"subprocess", "multiprocessing", "pty"}
OS_STARTERS = ("system", "popen", "fork", "exec", "spawn", "posix_spawn")


def modules(*packages: str) -> Iterator[str]:
    for package in packages:
        yield from (str(path.relative_to(ROOT)) for path in sorted((ROOT / package).rglob("*.py")))


def starts_programs(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                if {name.name.split(".")[0] for name in names} & STARTERS:
                    return True
            case ast.ImportFrom(module=module, names=names):
                if (module or "").split(".")[0] in STARTERS:
                    return True
                if module == "os" and any(name.name.startswith(OS_STARTERS) for name in names):
                    return True
            case ast.Attribute(value=ast.Name(id="os"), attr=attr) if attr.startswith(OS_STARTERS):
                return True
    return False


@pytest.mark.parametrize(
    "source",
    ["import subprocess", "from subprocess import run", "import os\nos.execv('a', [])", "from os import popen"],
)
def test_the_look_finds_what_it_looks_for(source: str) -> None:
    assert starts_programs(source)


def test_only_those_that_must_start_programs() -> None:
    found = {
        path
        for path in modules("collectors", "exporters", "aggregator", "maxwatt", "dash_app")
        if starts_programs((ROOT / path).read_text(encoding="utf-8"))
    }
    assert found == MAY_RUN_PROGRAMS
