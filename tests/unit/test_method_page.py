"""The method page says what the code does: its version, its declared uncertainties, its worked example."""

import re
from pathlib import Path

from aggregator.kernel.evidence import IDLE, RELATIVE, SPREAD
from maxwatt.domain.energy import METHOD_VERSION

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "method.md").read_text(encoding="utf-8")
CLOSED_LOOP = (DOCS / "closed-loop.md").read_text(encoding="utf-8")


def test_the_page_states_the_version_of_the_method() -> None:
    assert re.findall(r"Method version \*\*(\d+)\*\*", PAGE) == [str(METHOD_VERSION)]


def test_the_declared_uncertainties_are_those_of_the_code() -> None:
    stated = {kind: int(percent) / 100 for kind, percent in re.findall(r"^\| `(\w+)` \|.*\| (\d+) % \|$", PAGE, re.M)}
    assert stated == {str(kind): value for kind, value in RELATIVE.items()}


def test_so_are_the_sizes_of_the_other_causes() -> None:
    stated = {name: int(percent) / 100 for name, percent in re.findall(r"`(\w+)` = (\d+) %", PAGE)}
    assert stated == {"SPREAD": SPREAD, "IDLE": IDLE}


def test_the_example_adds_up() -> None:
    sums = {name: int(value) for name, value in re.findall(r"^\| (\w+) \|.*\| (\d+) J \|$", PAGE, re.M)}
    assert sums == {"A": 540, "B": 230, "idle": 150, "system": 80}
    assert sum(sums.values()) == 1000


def test_the_closed_loop_was_measured_with_this_version_and_holds_what_is_claimed() -> None:
    """Made by `python -m benchmarks.closed_loop --write`; a new version of the method needs new figures."""
    assert re.findall(r"method version \*\*(\d+)\*\*", CLOSED_LOOP) == [str(METHOD_VERSION)]
    (held,) = re.findall(r"^\| all \|.*± .*\| ([\d.]+) % \|$", CLOSED_LOOP, re.M)
    assert 85 <= float(held) <= 95
    (ratio,) = re.findall(r"maxwatt's is (\d+) % of that of the best other rule", CLOSED_LOOP)
    assert int(ratio) <= 50
