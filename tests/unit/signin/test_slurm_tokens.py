"""Web tokens of Slurm: what its key signed, for as long as it says, and nothing else."""

import base64
import hashlib
import hmac
import json

import pytest

from aggregator.sources.jobs.web_token import LIFE_S, mint
from dash_app.signin.slurm_jwt import user_of

KEY = b"0123456789abcdef0123456789abcdef"
NOW_S = 1_700_000_000


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def signed(head: object, claims: object, key: bytes = KEY) -> str:
    text = f"{part(head)}.{part(claims)}"
    signature = hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


HEAD = {"alg": "HS256", "typ": "JWT"}
CLAIMS = {"sun": "ada", "exp": NOW_S + 60, "iat": NOW_S}


def test_a_token_of_slurm_names_its_user() -> None:
    assert user_of(signed(HEAD, CLAIMS), KEY, NOW_S) == "ada"
    assert user_of(mint(KEY, "ada", NOW_S), KEY, NOW_S) == "ada"


def test_a_token_made_by_hand() -> None:
    """Digits computed with openssl: `printf %s HEAD.CLAIMS | openssl dgst -sha256 -hmac KEY -binary | base64`."""
    text = "eyJhbGciOiJIUzI1NiJ9.eyJzdW4iOiJhZGEiLCJleHAiOjE4MDAwMDAwMDB9"
    assert user_of(f"{text}.jr6ersV_wEs-lXkcI8TXzjJVSJpDo6QSq0LTbPqjR_Y", KEY, NOW_S) == "ada"


def test_it_ends_when_it_says() -> None:
    token = mint(KEY, "ada", NOW_S)
    assert user_of(token, KEY, NOW_S + LIFE_S - 1) == "ada"
    assert user_of(token, KEY, NOW_S + LIFE_S) is None


def test_another_key_or_another_user_in_it_is_forged() -> None:
    assert user_of(signed(HEAD, CLAIMS, b"another key of sixteen"), KEY, NOW_S) is None
    head, claims, signature = signed(HEAD, CLAIMS).split(".")
    other = part({**CLAIMS, "sun": "root"})
    assert user_of(f"{head}.{other}.{signature}", KEY, NOW_S) is None
    assert user_of(f"{head}.{claims}.", KEY, NOW_S) is None
    assert user_of(f"{head}.{claims}.{signature[:-2]}", KEY, NOW_S) is None


@pytest.mark.parametrize("alg", ["none", "None", "HS512", "RS256", "", None, ["HS256"]])
def test_it_does_not_choose_its_own_algorithm(alg: object) -> None:
    claims = part(CLAIMS)
    assert user_of(f"{part({'alg': alg})}.{claims}.", KEY, NOW_S) is None
    assert user_of(signed({"alg": alg}, CLAIMS), KEY, NOW_S) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"sun": "ada"},
        {**CLAIMS, "exp": str(NOW_S + 60)},
        {**CLAIMS, "exp": True},
        {**CLAIMS, "exp": float("nan")},
        {**CLAIMS, "nbf": NOW_S + 1},
        {**CLAIMS, "nbf": None},
        {**CLAIMS, "sun": ""},
        {**CLAIMS, "sun": 0},
        {**CLAIMS, "sun": "ada\n"},
        {"exp": NOW_S + 60, "sub": "ada"},
        ["sun"],
        "ada",
    ],
)
def test_claims_that_are_missing_or_odd_are_refused(claims: object) -> None:
    assert user_of(signed(HEAD, claims), KEY, NOW_S) is None


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "a.b", "ä.b.c", "....", "[" * 9000, f"{'[' * 2000}.x.y"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert user_of(text, KEY, NOW_S) is None


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="signs nothing"):
        user_of(signed(HEAD, CLAIMS, b""), b"", NOW_S)
