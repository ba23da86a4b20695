"""Settings written as a file read back the same; where the subcommands look for them."""

import argparse

import pytest

from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._settings_file import to_toml
from maxwatt.cli.simulation.session import demo_settings
from maxwatt.config import CarbonSettings, ClusterSettings, Settings, parse
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.node_model import NodeModel


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(cluster=ClusterSettings('a "b" \\ c', "Europe/Berlin", simulated=True)),
        Settings(carbon=CarbonSettings(intensity_g_per_kwh=0.0, pue=1.25)),
        Settings(node_models=(NodeModel("m", ("a1", "a2", "b"), cpu_idle_w=90.5, meter_includes_gpus=False),)),
    ],
    ids=["defaults", "texts", "zero is not missing", "models"],
)
def test_written_settings_read_back_the_same(settings):
    assert parse(to_toml(settings)) == settings


def test_the_demos_settings_are_a_valid_file(tmp_path):
    settings = demo_settings(tmp_path, 0)
    assert parse(to_toml(settings)) == settings


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    return parser.parse_args(words)


def test_data_folder_brings_its_own_file_but_a_named_one_wins(tmp_path):
    (tmp_path / "maxwatt.toml").write_text('[cluster]\nname = "beside"\n')
    (tmp_path / "named.toml").write_text('[cluster]\nname = "named"\n[server]\nport = 1\n')
    beside = settings_of(arguments("--data-dir", str(tmp_path)))
    assert (beside.cluster.name, beside.server.data_dir) == ("beside", str(tmp_path))
    named = settings_of(arguments("--data-dir", str(tmp_path), "--config", str(tmp_path / "named.toml")))
    assert (named.cluster.name, named.server.port, named.server.data_dir) == ("named", 1, str(tmp_path))


def test_without_any_file_all_is_default():
    assert settings_of(arguments()) == Settings()


def test_a_faulty_file_beside_is_not_passed_over(tmp_path):
    (tmp_path / "maxwatt.toml").write_text("[server]\nport = 99999\n")
    with pytest.raises(ConfigError, match=r"line 2: server\.port"):
        settings_of(arguments("--data-dir", str(tmp_path)))
