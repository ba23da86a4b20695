"""Web tokens for slurmrestd."""

import base64
import hashlib
import hmac
import json

import pytest

from aggregator.sources.jobs.web_token import mint, token_headers
from maxwatt.config import SlurmSettings
from maxwatt.domain.errors import SourceError

NOW_S = 1_795_337_851


def secret(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def test_a_token_by_hand():
    """RFC 7519: base64url(head) . base64url(claims) . base64url(HMAC-SHA256(key, head.claims)), without padding."""
    head, claims, signature = mint(b"secret", "alice", 1000).split(".")
    assert base64.urlsafe_b64decode(head + "==") == b'{"alg":"HS256","typ":"JWT"}'
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"sun": "alice", "iat": 1000, "exp": 1300}
    expected = hmac.digest(b"secret", f"{head}.{claims}".encode(), hashlib.sha256)
    assert base64.urlsafe_b64decode(signature + "==") == expected
    assert "=" not in head + claims + signature


def test_each_request_has_a_token_of_its_own_time(tmp_path):
    settings = SlurmSettings(rest_user="maxwatt", rest_key_file=secret(tmp_path / "key", b"\x00\xff" * 16))
    first, second = (token_headers(settings, now_s) for now_s in (NOW_S, NOW_S + 400))
    assert first["X-SLURM-USER-NAME"] == "maxwatt"
    assert first["X-SLURM-USER-TOKEN"] != second["X-SLURM-USER-TOKEN"]


@pytest.mark.parametrize("content", [b"aa.bb.cc\n", b"SLURM_JWT=aa.bb.cc\n", b"aa.bb.cc"])
def test_a_token_of_the_site_is_read_anew_each_time(tmp_path, content):
    settings = SlurmSettings(rest_token_file=secret(tmp_path / "token", content))
    assert token_headers(settings, NOW_S)["X-SLURM-USER-TOKEN"] == "aa.bb.cc"
    secret(tmp_path / "token", b"dd.ee.ff")
    assert token_headers(settings, NOW_S)["X-SLURM-USER-TOKEN"] == "dd.ee.ff"


def test_without_key_and_token_there_are_no_headers():
    assert token_headers(SlurmSettings(), NOW_S) == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
@pytest.mark.parametrize("setting", ["rest_key_file", "rest_token_file"])
def test_a_secret_open_to_others_is_refused_with_the_mend(tmp_path, setting, mode):
    path = secret(tmp_path / "secret", b"aa.bb.cc", mode)
    with pytest.raises(SourceError, match=f"chmod 600 {path}"):
        token_headers(SlurmSettings(**{setting: path}), NOW_S)


@pytest.mark.parametrize("content", [b"", b" \n", b"no token", b"aa.bb.cc\nX-Evil: 1", b"\xff.\xff.\xff", b"aa.bb"])
def test_what_is_no_token_is_refused_and_not_repeated(tmp_path, content):
    settings = SlurmSettings(rest_token_file=secret(tmp_path / "token", content))
    with pytest.raises(SourceError) as told:
        token_headers(settings, NOW_S)
    assert not content.strip() or content.decode("latin-1").strip() not in str(told.value)


def test_a_key_that_is_not_there_names_the_setting(tmp_path):
    with pytest.raises(SourceError, match=r"slurm\.rest_key_file"):
        token_headers(SlurmSettings(rest_key_file=str(tmp_path / "none")), NOW_S)
