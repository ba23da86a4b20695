"""Options that several subcommands share."""

import argparse
import dataclasses
import os
from pathlib import Path

from maxwatt.config import Settings, load


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """`--config` and `--data-dir`."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration file (TOML); default: DIR/maxwatt.toml, if there"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="folder of store, ledger and tokens; before the file's")


def keep_private() -> None:
    """Let what this process writes be its owner's alone: samples and ledger hold everybody's jobs."""
    os.umask(0o077)


def settings_of(args: argparse.Namespace) -> Settings:
    """Settings of the named configuration file, else of `maxwatt.toml` in the data folder, with `--data-dir` over them.

    Raises:
        ConfigError: the file has faults.
    """
    beside = Path(args.data_dir) / "maxwatt.toml" if args.data_dir else None
    path = args.config or (beside if beside and beside.is_file() else None)
    settings = load(path) if path else Settings()
    if args.data_dir:
        settings = dataclasses.replace(settings, server=dataclasses.replace(settings.server, data_dir=args.data_dir))
    return settings
