import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures" / "dash_app"))
sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures" / "launcher"))

from recorded_hub import RecordedHub, recorded_hub


@pytest.fixture
def hub() -> Iterator[RecordedHub]:
    with recorded_hub() as hub:
        yield hub
