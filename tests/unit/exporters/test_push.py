import socket
from pathlib import Path
from typing import Any

import pytest

from exporters.node.push import Outcome, Push, classify
from maxwatt.domain.errors import ConfigError


def test_a_push_is_an_influx_v2_write(receiver: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    answer = Push(f"{receiver.url}/", tmp_path / "token").send(b"node,node=a cpu_count=1i 1\n")
    assert answer.outcome is Outcome.STORED
    ((path, headers),) = receiver.requests
    assert path == "/api/v2/write?bucket=maxwatt&org=maxwatt&precision=ms"
    assert headers["Authorization"] == "Token s3cret"
    assert receiver.lines == [b"node,node=a cpu_count=1i 1"]


def test_a_path_of_the_address_is_kept(receiver: Any) -> None:
    Push(f"{receiver.url}/insert/0/influx").send(b"a\n")
    assert receiver.requests[0][0].startswith("/insert/0/influx/api/v2/write?")


def test_large_bodies_are_packed(receiver: Any) -> None:
    lines = b"node,node=a cpu_count=1i 1\n" * 1000
    Push(receiver.url).send(lines)
    _, headers = receiver.requests[0]
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) < len(lines) / 20
    assert receiver.stored == [lines]


def test_a_replaced_token_is_used_at_once(receiver: Any, tmp_path: Path) -> None:
    push = Push(receiver.url, tmp_path / "token")
    assert push.send(b"a\n").outcome is Outcome.LATER
    for token in ("one", "two"):
        (tmp_path / "token").write_text(token)
        push.send(b"a\n")
    assert [headers["Authorization"] for _, headers in receiver.requests] == ["Token one", "Token two"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.STORED),
        (204, Outcome.STORED),
        (302, Outcome.LATER),
        (400, Outcome.REFUSED),
        (401, Outcome.LATER),
        (403, Outcome.LATER),
        (404, Outcome.LATER),
        (413, Outcome.TOO_LARGE),
        (422, Outcome.REFUSED),
        (429, Outcome.LATER),
        (500, Outcome.LATER),
        (503, Outcome.LATER),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert classify(status, "so").outcome is outcome


def test_a_wrong_token_is_called_that() -> None:
    assert "token" in classify(401, "unauthorized").detail


def test_no_server_is_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        answer = Push(f"http://127.0.0.1:{taken.getsockname()[1]}").send(b"a\n")
    assert answer.outcome is Outcome.LATER
    assert "127.0.0.1" in answer.detail


def test_a_server_that_says_nothing_is_given_up_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = Push(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2).send(b"a\n")
    assert answer.outcome is Outcome.LATER


@pytest.mark.parametrize("url", ["server:8080", "ftp://server", "http://", "http://server:port", "http://s:99999"])
def test_an_address_that_cannot_be_understood(url: str) -> None:
    with pytest.raises(ConfigError, match="push_url"):
        Push(url)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"two\nlines", "tökén".encode()])
def test_a_token_file_that_holds_no_token_is_told_and_the_lines_are_kept(
    receiver: Any, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "token").write_bytes(content)
    answer = Push(receiver.url, tmp_path / "token").send(b"a\n")
    assert answer.outcome is Outcome.LATER
    assert "holds no token" in answer.detail
    assert receiver.requests == []
