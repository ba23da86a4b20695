"""The method page says what the code does: its version, its declared uncertainties, its worked example."""

import re
from pathlib import Path

from aggregator.kernel.evidence import RELATIVE
from maxwatt.domain.energy import METHOD_VERSION

PAGE = (Path(__file__).parents[2] / "docs/method.md").read_text(encoding="utf-8")


def test_the_page_states_the_version_of_the_method() -> None:
    assert re.findall(r"Method version \*\*(\d+)\*\*", PAGE) == [str(METHOD_VERSION)]


def test_the_declared_uncertainties_are_those_of_the_code() -> None:
    stated = {kind: int(percent) / 100 for kind, percent in re.findall(r"^\| `(\w+)` \|.*\| (\d+) % \|$", PAGE, re.M)}
    assert stated == {str(kind): value for kind, value in RELATIVE.items()}


def test_the_example_adds_up() -> None:
    sums = {name: int(value) for name, value in re.findall(r"^\| (\w+) \|.*\| (\d+) J \|$", PAGE, re.M)}
    assert sums == {"A": 540, "B": 230, "idle": 150, "system": 80}
    assert sum(sums.values()) == 1000
