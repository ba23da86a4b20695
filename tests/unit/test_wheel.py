"""The wheel: nobody else owns its packages, it holds its data, and a node needs nothing but it and one library."""

import email
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import prometheus_client
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("maxwatt", "collectors", "exporters", "aggregator", "dash_app")
TREE = ROOT / "tests" / "fixtures" / "sysfs" / "intel"
LITTER = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the tree, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=LITTER)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), "./source"]
    subprocess.run([sys.executable, "-m", "pip", *words], cwd=folder, check=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


def test_no_other_distribution_owns_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: set(owners[name]) for name in PACKAGES if name in owners} == {name: {"maxwatt"} for name in PACKAGES}


def test_it_holds_our_packages_with_all_their_files_and_nothing_else(wheel: Path) -> None:
    there = {
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == there


def test_a_node_needs_one_library(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(archive.read(name))
    needed = [word for word in told.get_all("Requires-Dist", []) if "extra ==" not in word]
    assert [re.split(r"[^\w-]", word)[0] for word in needed] == ["prometheus-client"]
    assert "Private :: Do Not Upload" in told.get_all("Classifier", [])


def test_the_agent_runs_from_the_wheel_and_that_library_alone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    shutil.copytree(Path(prometheus_client.__file__).parent, tmp_path / "prometheus_client", ignore=LITTER)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import exporters.node.prometheus, exporters.node.delivery; "
        "from maxwatt.cli import main; sys.exit(main(['agent', '--once', '--node', 'n1', '--root', sys.argv[2]]))"
    )
    # -S: without the packages that are installed here
    words = [sys.executable, "-I", "-S", "-c", program, str(tmp_path), str(TREE)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cpu_energy_joules_total" in done.stdout
