"""What a demo folder remembers, so that a second start goes on where the first one stopped."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from maxwatt.domain.clock import now_ms
from maxwatt.domain.units import DAY_MS, bucket_start_ms

AHEAD_DAYS: Final = 14
"""Jobs are planned this far beyond the first start, so that a demo opened again days later still lives."""
FORMAT: Final = 1
"""Raised when folders of older demos cannot be used any more."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The seed and the time of a simulated history: everything else follows from them."""

    seed: int
    start_ms: int
    first_run_ms: int
    end_ms: int
    format: int = FORMAT

    @staticmethod
    def new(seed: int, days: int) -> "Plot":
        """A history of `days` days up to the last full quarter of an hour."""
        now = bucket_start_ms(now_ms())
        return Plot(seed, now - days * DAY_MS, now, now + AHEAD_DAYS * DAY_MS)


def remembered(folder: Path) -> Plot | None:
    """The demo in the folder, if it was completed and its plan still reaches the present."""
    try:
        plot = Plot(**json.loads((folder / "demo.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None  # none yet, or torn by a crash: it is made anew
    return plot if plot.format == FORMAT and plot.end_ms > now_ms() + DAY_MS else None


def remember(folder: Path, plot: Plot) -> None:
    """Mark the folder's demo as complete."""
    (folder / "demo.json").write_text(json.dumps(dataclasses.asdict(plot)), encoding="utf-8")
