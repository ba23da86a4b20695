"""Which of slurmrestd's versioned paths to ask, from what its own OpenAPI document offers. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Final

from aggregator.sources.jobs.json_values import at
from maxwatt.domain.errors import SourceError

KNOWN: Final = (45, 44, 42, 38, 43, 41, 40, 39)
"""Versions `v0.0.N` that can be read, the best first: those of which answers were recorded, then those between."""

_PATH = re.compile(r"/(slurm|slurmdb)/v0\.0\.(\d{1,4})/(jobs|nodes)/?")


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of one server; empty where it has none in a version that is known."""

    jobs: str = ""
    nodes: str = ""
    accounting: str = ""


def choose_paths(openapi: Any) -> Paths:
    """The best path of each kind.

    Raises:
        SourceError: the document offers none of them.
    """
    paths = at(openapi, "paths")
    found = [match for path in paths if (match := _PATH.fullmatch(path))] if isinstance(paths, dict) else []
    if not found:
        raise SourceError("slurmrestd offers neither jobs nor nodes: start it with its openapi plugins")
    by_kind: dict[tuple[str, str], dict[int, str]] = {}
    for match in found:
        by_kind.setdefault((match[1], match[3]), {})[int(match[2])] = match[0]
    kinds = (("slurm", "jobs"), ("slurm", "nodes"), ("slurmdb", "jobs"))
    chosen = Paths(*(_best(by_kind.get(kind, {})) for kind in kinds))
    if chosen == Paths():
        offered = ", ".join(sorted({f"v0.0.{match[2]}" for match in found}))
        raise SourceError(f"slurmrestd offers only {offered}; known here are v0.0.{min(KNOWN)} to v0.0.{max(KNOWN)}")
    return chosen


def _best(offered: dict[int, str]) -> str:
    return next((offered[version] for version in KNOWN if version in offered), "")
