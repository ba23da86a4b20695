"""Who coordinates which account: lines of sacctmgr, and what happens when it does not answer."""

import stat
from pathlib import Path

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.coordinators import NAME, CoordinatorPolls
from aggregator.sources.jobs.coordinators import coordinators_source, parse_coordinators
from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.config import Settings, SlurmSettings


def test_lines_of_sacctmgr() -> None:
    text = "root|\nphysics|ada,grace\nchem|ada\n\nodd\n|nobody\n"
    assert parse_coordinators(text) == {("ada", "physics"), ("grace", "physics"), ("ada", "chem")}


def test_slurm_is_asked_where_its_accounting_is_read_with_commands(tmp_path: Path) -> None:
    program = tmp_path / "sacctmgr"
    program.write_text('#!/bin/sh\necho "physics|$4"\n')
    program.chmod(stat.S_IRWXU)
    ask = coordinators_source(Settings(slurm=SlurmSettings(accounting="sacct", bin_dir=str(tmp_path))), Interrupt())
    assert ask is not None
    assert ask() == {("show", "physics")}
    assert coordinators_source(Settings(), Interrupt()) is None


def test_while_slurm_is_away_what_it_said_last_holds(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    CoordinatorPolls(ledger, lambda: {("ada", "physics")}).poll(1000)
    away = coordinators_source(
        Settings(slurm=SlurmSettings(accounting="sacct", bin_dir=str(tmp_path / "none"))), Interrupt()
    )
    assert away is not None
    CoordinatorPolls(ledger, away).poll(2000)
    assert ledger.identities.accounts_of("ada") == {"physics"}
    state = ledger.sources()[NAME]
    assert (state.success_ms, state.attempt_ms) == (1000, 2000)
    assert "sacctmgr" in state.error
    ledger.close()
