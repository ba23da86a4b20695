"""API tokens and coordinators, on each database the ledger may be in."""

from zoneinfo import ZoneInfo

import pytest

from aggregator.ledger.erasure import forget_user
from aggregator.ledger.identities import Identities
from aggregator.ledger.ledger import Ledger
from maxwatt.domain.api_tokens import PREFIX, digest
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import DAY_MS

NOW_MS = 1_700_000_000_000


@pytest.fixture
def identities(ledger: Ledger) -> Identities:
    return ledger.identities


def test_a_token_names_its_owner_until_it_expires(identities: Identities) -> None:
    token = identities.add_token("ada", "laptop", 30, NOW_MS)
    assert token.startswith(PREFIX)
    assert len(token) > 40
    owner = identities.owner_of(token, NOW_MS + 30 * DAY_MS - 1)
    assert owner is not None
    assert (owner.user, owner.name, owner.sees_all) == ("ada", "laptop", False)
    assert identities.owner_of(token, NOW_MS + 30 * DAY_MS) is None


def test_only_the_digest_is_kept(identities: Identities) -> None:
    token = identities.add_token("ada", "laptop", 30, NOW_MS)
    with identities._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_tokens").all()
    assert token not in str(rows)
    assert digest(token) in str(rows)
    assert identities.owner_of(digest(token), NOW_MS) is None


@pytest.mark.parametrize("text", ["", PREFIX, "mwt_x", "' OR 1=1 --", "ä"])
def test_what_is_no_token_names_nobody(identities: Identities, text: str) -> None:
    identities.add_token("ada", "laptop", 30, NOW_MS)
    assert identities.owner_of(text, NOW_MS) is None


def test_the_last_use_is_kept_to_an_hour(identities: Identities) -> None:
    token = identities.add_token("ada", "laptop", 30, NOW_MS)
    assert identities.tokens("ada")[0].used_ms is None
    for used_ms in (NOW_MS + 1, NOW_MS + 2, NOW_MS + 3_600_001):
        identities.owner_of(token, used_ms)
    assert identities.tokens("ada")[0].used_ms == NOW_MS + 3_600_001


def test_everybody_sees_and_revokes_their_own_only(identities: Identities) -> None:
    token = identities.add_token("ada", "laptop", 30, NOW_MS)
    identities.add_token("root", "all", 30, NOW_MS + 1, sees_all=True)
    number = identities.tokens("ada")[0].token_id
    assert [one.name for one in identities.tokens("ada")] == ["laptop"]
    assert [one.name for one in identities.tokens(None)] == ["all", "laptop"]
    assert not identities.revoke_token(number, "root")
    assert not identities.revoke_token(number, "")
    assert identities.owner_of(token, NOW_MS) is not None
    assert identities.revoke_token(number, "ada")
    assert identities.owner_of(token, NOW_MS) is None


@pytest.mark.parametrize(("name", "days"), [("", 30), ("  ", 30), ("x" * 61, 30), ("a\nb", 30), ("a", 0), ("a", 367)])
def test_odd_tokens_are_refused(identities: Identities, name: str, days: int) -> None:
    with pytest.raises(InputError):
        identities.add_token("ada", name, days, NOW_MS)


def test_nobody_has_tokens_without_end_and_expired_ones_make_room(identities: Identities) -> None:
    for _ in range(50):
        identities.add_token("ada", "loop", 1, NOW_MS)
    with pytest.raises(InputError, match="revoke"):
        identities.add_token("ada", "loop", 1, NOW_MS)
    identities.add_token("grace", "other", 1, NOW_MS)
    identities.add_token("ada", "later", 1, NOW_MS + DAY_MS)
    assert [one.name for one in identities.tokens("ada")] == ["later"]


def test_who_is_forgotten_has_no_tokens_and_no_accounts(ledger: Ledger) -> None:
    for user, made_ms in (("ada", NOW_MS - DAY_MS), ("ada", NOW_MS + DAY_MS), ("grace", NOW_MS - DAY_MS)):
        ledger.identities.add_token(user, "script", 30, made_ms)
    ledger.identities.replace_coordinators([("ada", "physics"), ("grace", "physics")])
    forget_user(ledger.engine, "ada", NOW_MS, ZoneInfo("UTC"))
    left = {(token.user, token.created_ms) for token in ledger.identities.tokens(None)}
    assert left == {("ada", NOW_MS + DAY_MS), ("grace", NOW_MS - DAY_MS)}
    assert ledger.identities.accounts_of("ada") == frozenset()
    assert ledger.identities.accounts_of("grace") == {"physics"}


def test_coordinators_are_what_slurm_says_now(identities: Identities) -> None:
    identities.replace_coordinators([("ada", "physics"), ("ada", "chem"), ("grace", "physics"), ("ada", "chem")])
    assert identities.accounts_of("ada") == {"physics", "chem"}
    assert identities.accounts_of("nobody") == frozenset()
    identities.replace_coordinators([("grace", "physics")])
    assert identities.accounts_of("ada") == frozenset()
    identities.replace_coordinators([])
    assert identities.accounts_of("grace") == frozenset()
