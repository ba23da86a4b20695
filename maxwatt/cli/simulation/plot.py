"""What a demo folder remembers, so that a second start goes on where the first one stopped."""

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.units import DAY_MS, bucket_start_ms

AHEAD_DAYS: Final = 14
"""Jobs are planned this far beyond the first start, so that a demo opened again days later still lives."""
_PLOT_FILE: Final = "demo.json"
_MARK: Final = "demo.begun"
"""Stands in the folder from the beginning: what lies beside it was made by a demo and may be deleted."""

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
    """The demo in the folder, if it was completed and its plan still reaches the present.

    Raises:
        ConfigError: what is in the folder cannot be read.
    """
    try:
        plot = Plot(**json.loads((folder / _PLOT_FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None  # none yet, or torn by a crash: it is made anew
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; choose another folder with --data-dir") from error
    return plot if plot.format == FORMAT and plot.end_ms > now_ms() + DAY_MS else None


def remember(folder: Path, plot: Plot) -> None:
    """Mark the folder's demo as complete."""
    (folder / _PLOT_FILE).write_text(json.dumps(dataclasses.asdict(plot)), encoding="utf-8")


def cleared(folder: Path) -> None:
    """Make the folder an empty one of a demo; what an earlier demo left there is deleted.

    Raises:
        ConfigError: something else than a demo is there, or it cannot be deleted or made.
    """
    try:
        foreign = folder.exists() and any(folder.iterdir()) and not _is_demo(folder)
        if foreign:
            raise ConfigError(f"{folder} holds files that no demo made: choose an empty or new folder with --data-dir")
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; choose another folder with --data-dir") from error


def _is_demo(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (_MARK, _PLOT_FILE))
