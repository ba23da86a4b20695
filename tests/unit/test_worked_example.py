"""The worked example of the method page, once more by hand: from the text of the files, without the program's code."""

import math
import re
from pathlib import Path

import pytest

from worked_example import node
from worked_example.chain import Followed, follow

PAGE = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("<!-- example -->")[2].partition("<!-- /example -->")[0]

# What the files say and what Slurm and the site declare, by hand.
MODULUS_UJ = 262_143_328_911  # 262 143 328 850 * 2^32 / (2^32 - 1), rounded
CPU_J = (
    (262_010_104_882 - 261_250_104_882 + 40_857_208_466 - 40_117_208_466) / 1e6,
    (859_775_971 - 262_010_104_882 + MODULUS_UJ + 41_820_208_466 - 40_857_208_466) / 1e6,
    (1_739_775_971 - 859_775_971 + 42_680_208_466 - 41_820_208_466) / 1e6,
)
DRAM_J = (
    (88_267_417_310 - 88_200_417_310 + 51_699_902_554 - 51_640_902_554) / 1e6,
    (88_345_017_310 - 88_267_417_310 + 51_769_902_554 - 51_699_902_554) / 1e6,
    (88_418_417_310 - 88_345_017_310 + 51_836_902_554 - 51_769_902_554) / 1e6,
)
BUSY_S = ((439_980 - 433_980) / 100, (449_580 - 439_980) / 100, (456_580 - 449_580) / 100)
A_S = (48.0, 60.0, 40.0)
B_S = (0.0, 30.0, 55.0 - 30.0)
SYSTEM_S = tuple(busy - a - b for busy, a, b in zip(BUSY_S, A_S, B_S, strict=True))
METER_J = 15 * (150.0 / 2 + 176.6 + 194.0 + 192.0 / 2)


def dynamic(energy_j: tuple[float, ...], idle_w: float, used_s: tuple[float, ...]) -> float:
    """`sum of (E - P_idle * 15 s) / U * u` over the three intervals [J]."""
    return sum((e - idle_w * 15) / u * used for e, u, used in zip(energy_j, BUSY_S, used_s, strict=True))


CPU_D, DRAM_D = sum(CPU_J) - 3 * 900, sum(DRAM_J) - 3 * 90
RHO = (METER_J - sum(CPU_J) - sum(DRAM_J) - 50 * 45) / (CPU_D + DRAM_D)
W_B = (0.25 * 220 + 0.125 * 20) / 240
BY_HAND = {
    "101": {
        "cpu_static_j": 60 * 45 * 0.5,
        "cpu_dynamic_j": dynamic(CPU_J, 60, A_S),
        "dram_static_j": 6 * 45 * 0.5,
        "dram_dynamic_j": dynamic(DRAM_J, 6, A_S),
        "rest_static_j": 50 * 45 * 0.5,
        "rest_dynamic_j": RHO * (dynamic(CPU_J, 60, A_S) + dynamic(DRAM_J, 6, A_S)),
    },
    "102": {
        "cpu_static_j": 60 * 20 * 0.25,
        "cpu_dynamic_j": dynamic(CPU_J, 60, B_S),
        "dram_static_j": 6 * 20 * 0.125,
        "dram_dynamic_j": dynamic(DRAM_J, 6, B_S),
        "rest_static_j": 50 * 20 * W_B,
        "rest_dynamic_j": RHO * (dynamic(CPU_J, 60, B_S) + dynamic(DRAM_J, 6, B_S)),
    },
    "system": {
        "cpu_static_j": 0.0,
        "cpu_dynamic_j": dynamic(CPU_J, 60, SYSTEM_S),
        "dram_static_j": 0.0,
        "dram_dynamic_j": dynamic(DRAM_J, 6, SYSTEM_S),
        "rest_static_j": 0.0,
        "rest_dynamic_j": RHO * (dynamic(CPU_J, 60, SYSTEM_S) + dynamic(DRAM_J, 6, SYSTEM_S)),
    },
    "idle": {
        "cpu_static_j": 60 * (25 * 0.5 + 20 * 0.25),
        "cpu_dynamic_j": 0.0,
        "dram_static_j": 6 * (25 * 0.5 + 20 * 0.375),
        "dram_dynamic_j": 0.0,
        "rest_static_j": 50 * (25 * 0.5 + 20 * (0.5 - W_B)),
        "rest_dynamic_j": 0.0,
    },
}
TOTAL_J = {name: sum(parts.values()) for name, parts in BY_HAND.items()}


@pytest.fixture(scope="module")
def found() -> Followed:
    return follow()


def table(head: str) -> dict[str, list[str]]:
    """First cell to the other cells of the section's table whose head begins so."""
    lines = SECTION.partition(f"\n| {head}")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows}


def test_the_hand_is_not_the_files() -> None:
    assert tuple(raw for _, (_, counts) in node.ZONES.items() for raw in counts[2:3]) == (
        859_775_971, 88_345_017_310, 41_820_208_466, 51_769_902_554,
    )  # fmt: skip
    assert CPU_J == (1500, 1956, 1740) and DRAM_J == (126, 147.6, 140.4) and BUSY_S == (60, 96, 70)
    assert SYSTEM_S == (12, 6, 5) and pytest.approx(8124) == METER_J and pytest.approx(0.1) == RHO


@pytest.mark.parametrize("who", BY_HAND)
def test_each_account_gets_what_the_hand_finds(found: Followed, who: str) -> None:
    booked = {name: found.booked[who][name] for name in BY_HAND[who]}
    assert booked == pytest.approx(BY_HAND[who], rel=1e-9, abs=1e-9)
    assert found.booked[who]["gpu_static_j"] == found.booked[who]["gpu_dynamic_j"] == 0


def test_the_accounts_are_the_whole_node_meter(found: Followed) -> None:
    assert set(found.booked) == set(BY_HAND)
    assert sum(TOTAL_J.values()) == pytest.approx(METER_J, rel=1e-12)
    assert sum(found.measured[f"{name}_j"] for name in ("cpu", "dram", "gpu", "rest")) == pytest.approx(METER_J)


@pytest.mark.parametrize("who", BY_HAND)
def test_grams_and_cents(found: Followed, who: str) -> None:
    row, kwh = found.booked[who], TOTAL_J[who] / 3.6e6
    assert row["co2_g"] == pytest.approx(kwh * 1.2 * 400)
    assert row["co2_market_g"] == pytest.approx(kwh * 1.2 * 50)
    assert row["cost"] == pytest.approx(kwh * 1.2 * 0.24)


def test_embodied_carbon(found: Followed) -> None:
    a_second_g = 1_500_000 / (5 * 365.25 * 86_400)
    assert found.booked["101"]["embodied_g"] == pytest.approx(0.5 * 45 * a_second_g)
    assert found.booked["102"]["embodied_g"] == pytest.approx(W_B * 20 * a_second_g)


def test_waste_is_counted_stretch_by_stretch(found: Followed) -> None:
    # 101: seconds 0 to 20, 20 to 40, 40 to 45; 8 CPUs; linear between its samples; 24 of 32 GiB
    cpu_j = 600 * (1 - 68 / 160) + 600 * (1 - (40 + 80 / 3) / 160) + 150 * (1 - 40 / 3 / 40)
    assert found.booked["101"]["waste_j"] == pytest.approx(cpu_j + 135 * (1 - 24 / 32))
    # 102: its tail ends a second after its recorded end, 10/11 of it are within the 20 s; 2 of 8 GiB
    cpu_j = 300 * (1 - (30 + 25 * 10 / 11) / 80)
    assert found.booked["102"]["waste_j"] == pytest.approx(cpu_j + 15 * (1 - 2 / 8))


def test_the_stated_uncertainty_of_job_102(found: Followed) -> None:
    parts = BY_HAND["102"]
    accounted_j = 25 * 12 + 25 * 0.72
    integrated_j = parts["rest_static_j"] + parts["rest_dynamic_j"]
    kinds = 0.03 * (TOTAL_J["102"] - accounted_j - integrated_j) + 0.06 * integrated_j + 0.10 * accounted_j
    crowd = {"101": 48**2 / 60 + 60**2 / 96 + 40**2 / 70, "102": 30**2 / 96 + 25**2 / 70,
             "system": 12**2 / 60 + 6**2 / 96 + 5**2 / 70}  # fmt: skip
    share, concentration = crowd["102"] / 55, sum(crowd.values()) / 226
    used_j = parts["cpu_dynamic_j"] + parts["dram_dynamic_j"] + parts["rest_dynamic_j"]
    mixing = 0.38 * used_j * math.sqrt(1 - 2 * share + concentration)
    node_j = {"cpu": (2700, CPU_D), "dram": (270, DRAM_D), "rest": (2250, RHO * (CPU_D + DRAM_D))}
    moved = sum(parts[f"{name}_static_j"] - s / d * parts[f"{name}_dynamic_j"] for name, (s, d) in node_j.items())
    static_j = parts["cpu_static_j"] + parts["dram_static_j"] + parts["rest_static_j"]
    edges = math.sqrt(2) * static_j / 20
    expected = math.sqrt(kinds**2 + mixing**2 + (0.10 * moved) ** 2 + edges**2) / TOTAL_J["102"]
    assert found.booked["102"]["uncertainty"] == pytest.approx(expected)
    assert table(" | counted")["102"][4] == f"± {100 * expected:.1f} %"


def test_the_page_shows_these_numbers() -> None:
    shown = {name: float(cells[-1]) for name, cells in table(" | cpu static").items()}
    assert shown == pytest.approx({**TOTAL_J, "sum": METER_J}, abs=5e-4)
    grams = {name: [float(cell) for cell in cells[1:4]] for name, cells in table(" | energy").items()}
    for who, joules in TOTAL_J.items():
        assert grams[who] == pytest.approx([joules / 3600 * 1.2, joules / 3.6e6 * 480, joules / 3.6e6 * 60], abs=5e-5)
    prices = table("interval | 1 | 2 | 3 | sum |\n| --- | ---: | ---: | ---: | ---: |\n| $S")
    assert prices["$e_\\mathrm{cpu} = D / U$, J per CPU second"][:3] == ["10", "11", "12"]


@pytest.mark.parametrize("sum_on_page", re.findall(r"\$\n?([\d.{}^, +\\cdot/()-]+) = ([\d.]+)\n?\$", SECTION))
def test_every_sum_that_is_written_out_holds(sum_on_page: tuple[str, str]) -> None:
    left, right = sum_on_page
    for sign, said in ((r"2^{32}", str(2**32)), (r"\cdot", "*"), (r"\,", "")):
        left = left.replace(sign, said)
    assert eval(left) == pytest.approx(float(right), rel=1e-3)  # noqa: S307  digits and signs only


def test_the_products_named_in_words_are_those_of_job_102(found: Followed) -> None:
    assert r"$60 \cdot 20 \cdot 0.25$" in SECTION and "$30 \\cdot 11 + 25 \\cdot 12$" in SECTION
    assert found.booked["102"]["cpu_static_j"] == 60 * 20 * 0.25
    assert found.booked["102"]["cpu_dynamic_j"] == pytest.approx(30 * 11 + 25 * 12)
