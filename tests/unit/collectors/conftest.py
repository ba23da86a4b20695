"""Trees of /proc and /sys to read from, and a clock that tests turn by hand."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.context import Context, Stamp
from collectors.state import State
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel

TREES = Path(__file__).parents[2] / "fixtures" / "sysfs"


class Clock:
    """Gives stamps; moves only when told to."""

    def __init__(self) -> None:
        self.stamp = Stamp(1_700_000_000_000, 1000.0)

    def __call__(self) -> Stamp:
        return self.stamp

    def wait(self, seconds: float) -> None:
        self.stamp = Stamp(self.stamp.ts_ms + round(seconds * 1000), self.stamp.monotonic_s + seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a fixture tree, free to be changed."""

    def copied(name: str) -> Path:
        return Path(shutil.copytree(TREES / name, tmp_path / name, dirs_exist_ok=True))

    return copied


@pytest.fixture
def context() -> Callable[..., Context]:
    """A context over a tree, without anything kept."""

    def made(root: Path, node: str = "n1", model: NodeModel = UNKNOWN_MODEL, state: State | None = None) -> Context:
        return Context(str(root), node, state or State("boot"), model, 60.0)

    return made
