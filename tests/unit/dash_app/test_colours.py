"""Colours that stand beside each other can be told apart by every eye, on light and on dark ground.

Colour blindness as Machado, Oliveira and Fernandes simulate it (IEEE TVCG 15, 2009, severity 1.0), in linear RGB; how
far apart two colours look as CIE76 in CIELAB (D65). About 2.3 is just noticeable; here it is several times that.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from dash_app.figures.cluster import NAME_COLOURS
from dash_app.figures.node import BOARD_COLOURS, POWER_LAYERS
from dash_app.figures.theme import (
    ACCOUNT_COLOURS,
    ACCOUNT_PATTERNS,
    COMPONENT_COLOURS,
    DARK_GROUND,
    EVIDENCE_COLOURS,
    GREY,
    LIGHT_GROUND,
)

Colour = NDArray[np.float64]

EYES = {
    "most": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(axis=1)
LEAST = 10.0


def rgb(colour: str) -> Colour:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def laid_on(colour: str, alpha: float, ground: str) -> Colour:
    """A colour with an opacity on a ground, brighter on the dark one as the style sheet has it."""
    bright = 1.3 if ground == DARK_GROUND else 1.0
    return np.minimum(1.0, bright * rgb(colour)) * alpha + rgb(ground) * (1 - alpha)


def lab(colour: Colour, eye: str) -> Colour:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ np.clip(EYES[eye] @ linear, 0, 1) / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: Colour, other: Colour, eye: str) -> float:
    return float(np.linalg.norm(lab(one, eye) - lab(other, eye)))


def nearest(pairs: Sequence[tuple[tuple[str, float], tuple[str, float]]], ground: str, eye: str) -> float:
    return min(apart(laid_on(*one, ground), laid_on(*other, ground), eye) for one, other in pairs)


def test_the_arithmetic_by_hand() -> None:
    assert lab(rgb("#ffffff"), "most") == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(rgb("#ff0000"), "most") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    red, green = rgb("#ff0000"), rgb("#00aa00")
    assert apart(red, green, "deuteranopia") < apart(red, green, "most") / 2


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
def test_layers_of_power_differ_from_the_ones_they_touch(ground: str, eye: str) -> None:
    """Any layer may be missing, so every component may touch every other; static lies under its own dynamic part."""
    layers = [(layer.colour, layer.alpha) for layer in POWER_LAYERS]
    assert nearest(list(pairwise(layers)), ground, eye) >= LEAST
    dynamic = [(colour, 0.85) for colour in COMPONENT_COLOURS.values()]
    assert nearest(list(combinations(dynamic, 2)), ground, eye) >= LEAST


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
def test_accounts_evidence_names_and_boards_differ(ground: str, eye: str) -> None:
    plain = [colour for key, colour in ACCOUNT_COLOURS.items() if key not in ACCOUNT_PATTERNS]
    for colours in (plain, list(EVIDENCE_COLOURS.values()), [*NAME_COLOURS, GREY], list(BOARD_COLOURS)):
        pairs = list(combinations([(colour, 0.85) for colour in colours], 2))
        assert nearest(pairs, ground, eye) >= LEAST


def test_what_shares_a_colour_has_a_hatching_of_its_own() -> None:
    shared = [key for key, colour in ACCOUNT_COLOURS.items() if list(ACCOUNT_COLOURS.values()).count(colour) > 1]
    patterns = [ACCOUNT_PATTERNS.get(key, "") for key in shared]
    assert len(set(patterns)) == len(patterns)


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
@pytest.mark.parametrize("colour", sorted({*ACCOUNT_COLOURS.values(), *EVIDENCE_COLOURS.values()}))
def test_graphics_stand_out_from_the_ground(colour: str, ground: str) -> None:
    """WCAG 1.4.11: 3:1, here for what is drawn opaque."""
    bright = np.minimum(1.0, (1.3 if ground == DARK_GROUND else 1.0) * rgb(colour))
    high, low = sorted((luminance(bright), luminance(rgb(ground))), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3.0


def luminance(colour: Colour) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
