"""A ledger is of one cluster: under another name every job would be booked a second time."""

from pathlib import Path

import pytest

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.errors import ConfigError


def test_the_first_name_is_kept_and_another_one_is_refused(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.claim("alpha")
    ledger.claim("alpha")
    with pytest.raises(ConfigError, match=r"cluster\.name.*alpha"):
        ledger.claim("beta")
    assert ledger.fact("cluster") == "alpha"
    ledger.close()
