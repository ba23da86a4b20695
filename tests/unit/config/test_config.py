"""Settings: every fault at once, each with its line; unknown keys refused."""

from pathlib import Path

import pytest

from maxwatt.config import SECTIONS, Settings, load, parse
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.node_model import UNKNOWN_MODEL

GOOD = """
[cluster]
name = "maxwell"
timezone = "Europe/Berlin"

[server]
port = 0

[agent]
collectors = ["cpu", "rapl"]
interval_s = 5

[carbon]
intensity_g_per_kwh = 344

[[node_models]]
name = "two-socket"
nodes = "wn[001-003]"
cpu_idle_w = 90
cpu_max_w = 400.5
"""

BAD = """\
[cluster]
timezone = "Mars/Olympus"
colour = "red"

[server]
port = "eighty"

[nonsense]
x = 1

[agent]
interval_s = 0
collectors = "cpu"

[[node_models]]
name = "a"
nodes = "wn[1-3]"

[[node_models]]
name = "b"
nodes = "wn2"
cpu_idle_w = -5
"""


def test_good_file_is_read_with_its_types():
    settings = parse(GOOD)
    assert settings.cluster.name == "maxwell"
    assert settings.agent.interval_s == 5.0 and isinstance(settings.agent.interval_s, float)
    assert settings.agent.collectors == ("cpu", "rapl")
    assert settings.carbon.intensity_g_per_kwh == 344.0
    assert settings.model_of("wn002").cpu_max_w == 400.5
    assert settings.model_of("wn004") is UNKNOWN_MODEL


def test_empty_file_is_all_defaults():
    assert parse("") == Settings()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (2, "cluster.timezone is no time zone"),
        (3, "cluster.colour is unknown; known: name"),
        (6, "server.port must be a whole number, not 'eighty'"),
        (8, "nonsense unknown section"),
        (12, "agent.interval_s must be above 0"),
        (13, "agent.collectors must be a list of strings"),
        (21, "node_models.1.nodes name wn2, which a has already"),
        (22, "node_models.1.cpu_idle_w must not be negative"),
    ],
)
def test_every_fault_is_told_with_its_line(line, words):
    with pytest.raises(ConfigError) as caught:
        parse(BAD, "site.toml")
    assert f"site.toml, line {line}: {words}" in str(caught.value)


def test_all_faults_come_at_once():
    with pytest.raises(ConfigError) as caught:
        parse(BAD)
    assert len(str(caught.value).splitlines()) == 8


def test_broken_toml_names_the_line():
    with pytest.raises(ConfigError, match="line 2"):
        parse("[server]\nport = = 3")


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_a_section_that_is_no_table_is_refused(section):
    with pytest.raises(ConfigError, match=f"{section} must be a section"):
        parse(f"{section} = 3")


def test_booleans_are_no_numbers():
    with pytest.raises(ConfigError, match="must be a whole number"):
        parse("[server]\nport = true")


def test_node_model_entries_that_are_no_tables_are_refused():
    with pytest.raises(ConfigError, match="node_models"):
        parse('node_models = ["a"]')


def test_missing_and_binary_files_are_told(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "b.toml")


def test_every_setting_is_documented():
    import dataclasses

    for section, kind in SECTIONS.items():
        for field in dataclasses.fields(kind):
            assert field.metadata["help"], f"{section}.{field.name}"


@pytest.mark.parametrize(
    "text",
    [
        "[carbon]\npue = inf",
        "[carbon]\npue = 1" + "0" * 400,
        "[agent]\ninterval_s = inf",
        "[retention]\nbuckets_days = 99999999999999999999",
        '[[node_models]]\nname = "a"\nnodes = "n1"\ncpu_idle_w = nan',
        '[[node_models]]\nname = "a"\nnodes = "n[1-' + "9" * 5000 + ']"',
        '[slurm]\nrest_url = "http://[::1"',
        '[slurm]\nrest_url = "http://user:s3cret@host:6820"',
        '[slurm]\nrest_url = "http://host:6820/a b"',
        '[slurm]\nrest_user = "a\\nb"',
    ],
)
def test_numbers_and_addresses_that_cannot_be_are_refused(tmp_path: Path, text: str):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError, match="line"):
        load(tmp_path / "c.toml")
