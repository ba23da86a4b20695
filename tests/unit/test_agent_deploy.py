"""What is shipped beside the agent belongs to it: unit, udev rule, configuration, document."""

import argparse
import fnmatch
import re
import shlex
from pathlib import Path

import pytest

from collectors.registry import COLLECTORS
from maxwatt.cli.agent import add_arguments
from maxwatt.config import parse

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
DOCUMENT = (ROOT / "docs" / "agent.md").read_text()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_arguments(made)
    return made


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / "maxwatt-agent.service").read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_calls_the_agent_with_flags_it_knows() -> None:
    _, command, *words = shlex.split(unit()["ExecStart"][0])
    assert command == "agent"
    parser().parse_args(words)


def test_the_unit_may_read_counters_and_nothing_more() -> None:
    settings = unit()
    assert settings["AmbientCapabilities"] == settings["CapabilityBoundingSet"] == ["CAP_DAC_READ_SEARCH"]
    assert settings["NoNewPrivileges"] == ["yes"]
    assert settings["User"] != ["root"]
    assert not {"ProcSubset", "PrivateUsers"} & settings.keys()  # they would blind it


def test_the_udev_rule_is_for_the_zones_and_the_units_group() -> None:
    rule = (SYSTEMD / "60-maxwatt-powercap.rules").read_text()
    pattern = re.search(r'KERNEL=="([^"]+)"', rule)
    assert pattern is not None
    assert fnmatch.filter(["intel-rapl:0", "intel-rapl:0:1", "intel-rapl", "dtpm"], pattern[1]) == [
        "intel-rapl:0",
        "intel-rapl:0:1",
    ]
    assert f"chgrp {unit()['Group'][0]} " in rule


def test_the_shipped_configuration_is_valid_with_its_comments_taken_off() -> None:
    text = (SYSTEMD / "agent.toml").read_text()
    assert parse(text).agent.push_url
    uncommented = re.sub(r"^# (?=[a-z_]+ = |\[\[)", "", text, flags=re.MULTILINE)
    assert len(parse(uncommented).node_models) == 1


@pytest.mark.parametrize("flag", [word for action in parser()._actions[1:] for word in action.option_strings])
def test_every_flag_is_documented(flag: str) -> None:
    assert f"`{flag}" in DOCUMENT


@pytest.mark.parametrize("name", COLLECTORS)
def test_every_collector_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCUMENT
