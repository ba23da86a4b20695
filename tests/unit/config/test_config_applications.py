"""Applications that people can start: read whole, or refused with every fault."""

import pytest

from maxwatt.config import Application, parse
from maxwatt.domain.errors import ConfigError


def test_an_application_with_all_it_asks_for() -> None:
    text = """
[sessions]
idle_after_s = 600
[[applications]]
name = "lab"
title = "JupyterLab"
description = "Notebooks."
partition = "gpu"
cpus = 4
memory_mib = 8000
time_min = 120
gpus = "a100:1"
[[applications]]
name = "small"
"""
    settings = parse(text)
    assert settings.sessions.idle_after_s == 600.0
    lab = Application("lab", "JupyterLab", "Notebooks.", "gpu", 4, 8000, 120, "a100:1")
    assert settings.applications == (lab, Application("small"))


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('title = "no name"', "name must be lower-case"),
        ('name = "Lab"', "name must be lower-case"),
        ('name = "../lab"', "name must be lower-case"),
        ('name = "lab"\ncpus = 0', "line 4: applications.0.cpus must be above 0"),
        ('name = "lab"\npartition = "gpu\\n#SBATCH --uid=0"', "partition must be one plain word"),
        ('name = "lab"\ncolour = "red"', "colour is unknown"),
        ('name = "lab"\n[[applications]]\nname = "lab"', "lab stands here a second time"),
    ],
)
def test_faults_are_told(entry: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault.replace(".", r"\.")):
        parse(f"\n[[applications]]\n{entry}\n")


def test_one_table_is_no_list() -> None:
    with pytest.raises(ConfigError, match=r"write \[\[applications\]\]"):
        parse('[applications]\nname = "lab"')
