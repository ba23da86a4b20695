"""The docs: their references are fresh, their links lead somewhere, their example works, no page is out of reach."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from maxwatt.config import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def links(page: Path) -> list[str]:
    """Relative targets of a page's links, without their anchors."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [target.partition("#")[0] for target in found if "://" not in target and not target.startswith("#")]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_references_are_fresh() -> None:
    ended = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = {(ROOT / target).resolve() for target in links(ROOT / "README.md")}
    missing = [page for page in PAGES if page not in linked and not any(page.is_relative_to(one) for one in linked)]
    assert [page.name for page in missing if page.name not in {"README.md", "CHANGELOG.md"}] == []


def test_the_example_is_a_valid_file(generate: ModuleType) -> None:
    settings = parse(generate.EXAMPLE)
    assert settings.model_of("wn042").cpu_max_w == 400


def test_every_option_of_a_nested_command_is_documented(generate: ModuleType) -> None:
    text = generate.command_line()
    assert "### `maxwatt import jobs`" in text and "--timezone" in text and "--precision" in text


def test_every_power_of_a_node_model_has_its_meaning(generate: ModuleType) -> None:
    rows = [line for line in generate.configuration().splitlines() if line.startswith("| `cpu_idle_w`")]
    assert rows == ["| `cpu_idle_w` | `0.0` | all packages, idle and at full load [W] |"]
