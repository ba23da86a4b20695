"""The method page says what the code does: its version, names, numbers; the app shows the same text."""

import dataclasses
import importlib
import importlib.resources
import re
from pathlib import Path

import generate
import pytest

from aggregator.kernel import calibration, evidence, job_use, resized, rest, timeline
from aggregator.ledger import history
from aggregator.pipeline import calibrate, closure, embodied
from collectors import unwrap
from maxwatt.config import AttributionSettings
from maxwatt.domain.energy import COMPONENTS, EVIDENCE, METHOD_VERSION, Account
from maxwatt.domain.units import BUCKET_MS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "method.md").read_text(encoding="utf-8")
CLOSED_LOOP = (DOCS / "closed-loop.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())
MINUTE_MS = 60_000
DEFAULTS = AttributionSettings()


def rows(heading: str) -> dict[str, str]:
    """First cell to the second of the last table below a heading that has such rows."""
    below = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", below, re.M)
    return {first.strip(): second.strip() for first, second in found}


def test_the_page_states_the_version_of_the_method() -> None:
    assert re.findall(r"Method version \*\*(\d+)\*\*", PAGE) == [str(METHOD_VERSION)]


def test_every_version_has_a_line_that_says_what_changed() -> None:
    told = {int(name): text for name, text in rows("## Versions").items() if name.isdecimal()}
    assert set(told) == set(range(1, METHOD_VERSION + 1))
    assert all(len(text) > 40 for text in told.values())


def test_the_declared_uncertainties_are_those_of_the_code() -> None:
    stated = {kind: int(percent) / 100 for kind, percent in re.findall(r"^\| `(\w+)` \|.*\| (\d+) % \|$", PAGE, re.M)}
    assert stated == {str(kind): value for kind, value in evidence.RELATIVE.items()}
    assert list(stated) == list(EVIDENCE)


def test_so_are_the_sizes_of_the_other_causes() -> None:
    stated = {name: int(percent) / 100 for name, percent in re.findall(r"`(\w+)` = (\d+) %", PAGE)}
    assert stated == {"SPREAD": evidence.SPREAD, "IDLE": evidence.IDLE}
    assert f"$n$ of the job's two ends in the window: Slurm knows whole seconds | {evidence.EDGE_S:g} s, known" in WORDS
    assert f"The {evidence.SPREAD:.0%}".replace("%", " %") + " were calibrated" in WORDS


@pytest.mark.parametrize(
    "words",
    [
        f"the {calibrate.BEFORE_MS // 86_400_000} days before the UTC day",
        f"begin at least {calibration.AFTER_JOB_MS // MINUTE_MS} minutes after the last one's end",
        f"With fewer than {calibration.LEAST_INTERVALS} of them",
        f"from the last good reading of one {rest.SLOT_MS // MINUTE_MS}-minute UTC slot to the last of the next",
        f"over more than `max_gap_s` ({DEFAULTS.max_gap_s / 60:g} minutes)",
        f"more than `power_gap_s` ({DEFAULTS.power_gap_s:g} s) apart",
        f"Bookings are kept per {BUCKET_MS // MINUTE_MS}-minute UTC window",
        f"may work up to {timeline.OVERTIME_MS / 1000:g} s past its recorded end",
        f"Samples up to {job_use.LATE_MS / 1000:g} s after the end (epilogs)",
        f"and up to {job_use.EARLY_MS / 1000:g} s before the start (clocks) still count",
        f"a counter that does not fall within {resized.APART_MS / 1000:g} s",
        f"polls were missing for more than {history.UNSEEN_MS // MINUTE_MS} minutes",
        f"to the meters, within {closure.LIMIT:.0e} of the energy".replace("e-0", "e-"),
        f"in years of {embodied.YEAR_S / 86_400:g} days",
        f"The {evidence.SPREAD * 100:g} % were calibrated on scenes 1 to 6",
    ],
)
def test_each_number_is_that_of_the_code(words: str) -> None:
    assert words in WORDS


def test_the_modulus_of_a_wrap() -> None:
    assert r"$\mathrm{range} \cdot 2^{32}/(2^{32}-1)$" in PAGE
    assert unwrap.modulus_uj(262_143_328_850) == round(262_143_328_850 * 2**32 / (2**32 - 1))


def test_every_name_in_the_code_is_there() -> None:
    below = PAGE.partition("## Symbols")[2].partition("\n## ")[0]
    names = re.findall(r"`(\w+)\.(\w+)(?:\.(\w+))?`", below)
    assert len(names) >= 20
    for module, kind, name in names:
        found = getattr(importlib.import_module(f"aggregator.kernel.{module}"), kind)
        assert not name or name in {field.name for field in dataclasses.fields(found)}, f"{module}.{kind}.{name}"


def test_every_account_component_and_kind_of_evidence_is_explained() -> None:
    accounts = {name for cell in rows("## Accounts") for name in re.findall(r"\w+", cell)}
    assert {account.name.lower() for account in Account} <= accounts
    assert all(f"`{component}`" in PAGE for component in COMPONENTS)


def test_the_formulas_are_marked_as_such() -> None:
    assert PAGE.count("$$") % 2 == 0 and PAGE.count("$$") >= 24
    for line in PAGE.replace("$$", "").splitlines():
        assert line.count("$") % 2 == 0, line
    assert not re.findall(r"\$[^$\n]*\|[^$\n]*\$", re.sub(r" \| ", "\n", PAGE)), "a bar ends the cell of a table"


def test_the_example_between_its_marks_is_made_by_the_code() -> None:
    assert generate.method(PAGE) == PAGE
    with pytest.raises(ValueError, match="marks"):
        generate.method(PAGE.replace("<!-- /example -->", ""))


def test_the_app_shows_this_page() -> None:
    text = importlib.resources.files("dash_app").joinpath("documents/method.md").read_text(encoding="utf-8")
    assert text == generate.for_the_app(PAGE)
    assert "<!--" not in text and f"Method version **{METHOD_VERSION}**" in text
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets and all(target.startswith(("#", "https://")) for target in targets)


def test_links_within_the_page_lead_to_a_heading() -> None:
    headings = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.+)$", PAGE, re.M)}
    anchors = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert len(anchors) >= 3 and set(anchors) <= headings


def test_the_closed_loop_was_measured_with_this_version_and_holds_what_is_claimed() -> None:
    """Made by `python -m benchmarks.closed_loop --write`; a new version of the method needs new figures."""
    assert re.findall(r"method version \*\*(\d+)\*\*", CLOSED_LOOP) == [str(METHOD_VERSION)]
    (held,) = re.findall(r"^\| all \|.*± .*\| ([\d.]+) % \|$", CLOSED_LOOP, re.M)
    assert 85 <= float(held) <= 95
    (ratio,) = re.findall(r"maxwatt's is (\d+) % of that of the best other rule", CLOSED_LOOP)
    assert int(ratio) <= 50
