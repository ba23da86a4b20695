import gzip
import json
from pathlib import Path

import pytest

from aggregator.sources.jobs.scontrol_nodes import parse_nodes
from aggregator.sources.jobs.slurm_json import parse_scontrol_nodes
from maxwatt.domain.energy import IDLE_ACCOUNTS, Account
from maxwatt.domain.node_state import idle_account

RECORDED = Path(__file__).parents[1] / "fixtures/slurm"


@pytest.mark.parametrize(
    ("state", "account"),
    [
        ("IDLE", Account.IDLE),
        ("MIXED", Account.IDLE),
        ("ALLOCATED", Account.IDLE),
        ("IDLE+CLOUD", Account.IDLE),
        ("IDLE+PLANNED", Account.IDLE),
        ("IDLE+RESERVED", Account.IDLE),
        ("IDLE+MAINT+RESERVED", Account.IDLE),
        ("MIXED+COMPLETING+DYNAMIC_NORM", Account.IDLE),
        ("IDLE+REBOOT_REQUESTED", Account.IDLE),
        ("ALLOCATED+POWER_DOWN", Account.IDLE),
        ("UNKNOWN", Account.IDLE),
        ("FUTURE", Account.IDLE),
        ("", Account.IDLE),
        ("something new", Account.IDLE),
        ("DOWN", Account.DOWN),
        ("DOWN*", Account.DOWN),
        ("DOWN+DRAIN", Account.DOWN),
        ("IDLE+NOT_RESPONDING", Account.DOWN),
        ("MIXED*", Account.DOWN),
        ("IDLE+DRAIN", Account.DRAINED),
        ("MIXED+DRAIN", Account.DRAINED),
        ("ALLOCATED+DRAIN+COMPLETING", Account.DRAINED),
        ("IDLE+DRAIN+REBOOT_REQUESTED", Account.DRAINED),
        ("DRAINED", Account.DRAINED),
        ("DRAINING", Account.DRAINED),
        ("IDLE+FAIL", Account.DRAINED),
        ("IDLE+INVALID_REG", Account.DRAINED),
        ("IDLE+CLOUD+POWERED_DOWN", Account.POWERED_OFF),
        ("DOWN*+CLOUD+POWERED_DOWN", Account.POWERED_OFF),
        ("IDLE+DRAIN+POWERED_DOWN", Account.POWERED_OFF),
        ("IDLE+CLOUD+POWERING_DOWN", Account.POWERED_OFF),
        ("idle~", Account.POWERED_OFF),
        ("idle%", Account.POWERED_OFF),
        ("ALLOCATED+CLOUD+NOT_RESPONDING+POWERING_UP", Account.BOOTING),
        ("idle#", Account.BOOTING),
        ("DOWN+DRAIN+REBOOT_ISSUED", Account.BOOTING),
        ("DOWN^", Account.BOOTING),
    ],
)
def test_the_strongest_word_says_what_a_node_without_jobs_is(state: str, account: Account) -> None:
    assert idle_account(state) is account
    assert account in IDLE_ACCOUNTS


@pytest.mark.parametrize("recorded", sorted(RECORDED.glob("nodes-*")), ids=lambda path: path.name)
def test_recorded_states_of_every_version(recorded: Path) -> None:
    """The recorded clusters are healthy but for one drained node."""
    text = gzip.decompress(recorded.read_bytes()).decode()
    nodes, _ = parse_nodes(text) if recorded.name.endswith(".txt.gz") else parse_scontrol_nodes(json.loads(text))
    found = {node.state: idle_account(node.state) for node in nodes}
    wanted = {"IDLE": Account.IDLE, "MIXED": Account.IDLE, "IDLE+DRAIN": Account.DRAINED}
    assert found
    assert found.items() <= wanted.items()
