"""The accounts somebody coordinates: those of Slurm and those of the settings together."""

from pathlib import Path

from aggregator.ledger.ledger import Ledger
from dash_app.signin.coordinators import accounts_of


def test_slurm_and_settings_together(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.identities.replace_coordinators([("ada", "physics"), ("grace", "chem")])
    find = accounts_of(ledger.identities, ("ada:biology", "emmy:maths"))
    assert find("ada") == {"physics", "biology"}
    assert find("emmy") == {"maths"}
    assert find("nobody") == frozenset()
    assert find("") == frozenset()
    ledger.identities.replace_coordinators([])
    assert find("ada") == {"physics", "biology"}  # for some seconds more
    assert accounts_of(ledger.identities, ())("ada") == frozenset()
    ledger.close()


def test_without_a_ledger_the_settings_hold() -> None:
    assert accounts_of(None, ("ada:biology",))("ada") == {"biology"}
