"""Options that several subcommands share."""

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final

from maxwatt.config import Settings, load
from maxwatt.domain.errors import ConfigError

PORTS: Final = (0, 65535)


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """`--config` and `--data-dir`."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration file (TOML); default: DIR/maxwatt.toml, if there"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="folder of store, ledger and tokens; before the file's")


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Reader of an option that takes a whole number from `lowest` to `highest`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"must be a whole number, {lowest} to {highest}, not {text!r}")
        return int(text)

    return read


def settings_of(args: argparse.Namespace) -> Settings:
    """Settings of the named configuration file, else of `maxwatt.toml` in the data folder, with `--data-dir` over them.

    Raises:
        ConfigError: the file has faults, or the data folder cannot be looked into.
    """
    path = args.config or _file_beside(args.data_dir)
    settings = load(path) if path else Settings()
    if args.data_dir:
        settings = dataclasses.replace(settings, server=dataclasses.replace(settings.server, data_dir=args.data_dir))
    return settings


def _file_beside(data_dir: str | None) -> Path | None:
    """The configuration file in the data folder, if there."""
    path = Path(data_dir) / "maxwatt.toml" if data_dir else None
    try:
        return path if path and path.is_file() else None
    except OSError as error:  # a folder of somebody else: that there is no file is not known
        raise ConfigError(f"data folder {data_dir}: {error.strerror}") from error
