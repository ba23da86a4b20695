import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.node.delivery import Delivery, halves
from exporters.node.push import Push
from exporters.node.spool import Spool


def batch(n: int) -> bytes:
    return b"node,node=a cpu_count=1i %d\nnode,node=b cpu_count=1i %d\n" % (n, n)


def lines_of(*numbers: int) -> list[bytes]:
    return [line for n in numbers for line in batch(n).splitlines()]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 1 << 20)


@pytest.fixture
def delivery(receiver: Any, spool: Spool) -> Delivery:
    return Delivery(Push(receiver.url).send, spool)


def test_while_the_server_is_there_nothing_touches_the_disk(receiver: Any, delivery: Delivery, spool: Spool) -> None:
    for n in range(3):
        delivery.deliver(batch(n))
    assert receiver.lines == lines_of(0, 1, 2)
    assert spool.empty


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_nothing_is_lost_doubled_or_out_of_order_over_an_outage(
    receiver: Any, delivery: Delivery, spool: Spool, status: int
) -> None:
    for n in range(30):
        receiver.status = status if 5 <= n < 25 else 204
        delivery.deliver(batch(n))
    assert receiver.lines == lines_of(*range(30))
    assert spool.empty


def test_many_segments_are_sent_once_each_and_in_order(receiver: Any, tmp_path: Path) -> None:
    spool = Spool(tmp_path, 4_000)
    delivery = Delivery(Push(receiver.url).send, spool)
    receiver.status = 503
    for n in range(50):
        delivery.deliver(batch(n))
    assert len(list(tmp_path.iterdir())) >= 5
    receiver.status = 204
    delivery.deliver(batch(50))
    assert receiver.lines == lines_of(*range(51))


def test_a_server_that_fails_again_while_the_spool_is_sent(receiver: Any, tmp_path: Path) -> None:
    spool = Spool(tmp_path, 4_000)
    receiver.status = 503
    for n in range(40):
        Delivery(Push(receiver.url).send, spool).deliver(batch(n))

    real, taken = Push(receiver.url).send, 0

    def flaky(lines: bytes) -> Any:
        nonlocal taken
        taken += 1
        receiver.status = 503 if taken % 3 == 0 else 204
        return real(lines)

    delivery = Delivery(flaky, spool)
    for n in range(40, 50):
        delivery.deliver(batch(n))
    receiver.status = 204
    Delivery(real, spool).deliver(batch(50))
    assert receiver.lines == lines_of(*range(51))


def test_a_connection_refused_is_spooled_and_sent_by_the_next_process(receiver: Any, tmp_path: Path) -> None:
    gone = Delivery(Push("http://127.0.0.1:9").send, Spool(tmp_path, 1 << 20))
    gone.deliver(batch(0))
    gone.deliver(batch(1))
    Delivery(Push(receiver.url).send, Spool(tmp_path, 1 << 20)).deliver(batch(2))
    assert receiver.lines == lines_of(0, 1, 2)


def test_refused_lines_are_told_and_not_sent_again(
    receiver: Any, delivery: Delivery, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status, receiver.said = 400, b'{"message": "line 2, column 7: no such field"}'
    delivery.deliver(batch(0))
    receiver.status = 204
    delivery.deliver(batch(1))
    assert spool.empty
    assert len(receiver.requests) == 2
    assert "line 2, column 7" in caplog.text


def test_a_wrong_token_is_told_once_and_everything_kept(
    receiver: Any, delivery: Delivery, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    receiver.status = 401
    for n in range(4):
        delivery.deliver(batch(n))
    assert len([record for record in caplog.records if "token" in record.message]) == 1
    assert spool.size_bytes == len(batch(0)) * 4


def test_a_body_too_large_goes_in_halves(receiver: Any, delivery: Delivery, spool: Spool) -> None:
    receiver.max_bytes = 200
    delivery.deliver(b"".join(batch(n) for n in range(20)))
    assert receiver.lines == lines_of(*range(20))
    assert spool.empty


@given(st.lists(st.integers(0, 30), min_size=2, max_size=20))
def test_halves_are_whole_lines(sizes: list[int]) -> None:
    lines = b"".join(b"x" * size + b"\n" for size in sizes)
    first, second = halves(lines)
    assert first + second == lines
    assert first.endswith(b"\n") and second.endswith(b"\n")


def test_a_full_disk_is_told_and_the_next_batch_still_goes(
    receiver: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path / "spool", 1 << 20)
    delivery = Delivery(Push(receiver.url).send, spool)
    receiver.status = 503
    (tmp_path / "spool").rmdir()  # the next segment cannot be made
    delivery.deliver(batch(0))
    assert "cannot be written" in caplog.text
    receiver.status = 204
    delivery.deliver(batch(1))
    assert receiver.lines == lines_of(1)


def test_offering_does_not_wait_for_the_server_and_stopping_keeps_all(tmp_path: Path) -> None:
    released, order = threading.Event(), list[str]()

    def slow(lines: bytes) -> Any:
        released.wait(20)
        order.append("sent")
        return Push("http://127.0.0.1:9").send(lines)

    spool = Spool(tmp_path, 1 << 20)
    delivery = Delivery(slow, spool)
    delivery.start()
    for n in range(3):
        delivery.offer(batch(n))
    order.append("offered")
    released.set()
    delivery.stop()
    assert order[0] == "offered"
    segment = Spool(tmp_path, 1 << 20).oldest()
    assert segment is not None and segment.lines.splitlines() == lines_of(0, 1, 2)


def test_stopping_sends_what_was_offered(receiver: Any, delivery: Delivery) -> None:
    delivery.start()
    delivery.offer(batch(0))
    delivery.offer(b"")
    delivery.stop()
    assert receiver.lines == lines_of(0)


def test_a_fault_in_the_program_does_not_end_the_delivery(
    receiver: Any, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    real, faults = Push(receiver.url).send, [RuntimeError("a fault")]

    def faulty(lines: bytes) -> Any:
        if faults:
            raise faults.pop()
        return real(lines)

    delivery = Delivery(faulty, spool)
    delivery.start()
    for n in range(3):
        delivery.offer(batch(n))
    delivery.stop()
    assert receiver.lines == lines_of(1, 2)
    assert "a fault" in caplog.text


def test_a_segment_that_cannot_be_removed_is_told_and_the_readings_go_on(
    receiver: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, 1 << 20)
    delivery = Delivery(Push(receiver.url).send, spool)
    receiver.status = 503
    delivery.deliver(batch(0))
    receiver.status = 204
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", _refuse)
        delivery.deliver(batch(1))
    assert "cannot be removed" in caplog.text
    delivery.deliver(batch(2))
    assert receiver.lines[-2:] == lines_of(2)


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")
