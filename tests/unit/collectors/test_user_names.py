import os
import threading
import time

from collectors.user_names import RETRY_S, UserNames, name_of


class Directory:
    """Knows 1001, fails for 1002, and hangs for 1003 until it is let go."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.let_go = threading.Event()

    def __call__(self, uid: int) -> str:
        self.asked.append(uid)
        if uid == 1003:
            self.let_go.wait(30)
            return "eve"
        if uid == 1002:
            raise OSError("the directory is away")
        return {1001: "ada"}[uid]


def test_this_user_has_a_name() -> None:
    assert UserNames().of(os.getuid()) == name_of(os.getuid())


def test_a_name_is_asked_for_once() -> None:
    directory = Directory()
    names = UserNames(directory)
    assert [names.of(1001), names.of(1001)] == ["ada", "ada"]
    assert directory.asked == [1001]


def test_a_number_without_a_name_is_asked_for_again_later() -> None:
    directory, now_s = Directory(), [0.0]
    names = UserNames(directory, lambda: now_s[0])
    assert [names.of(uid) for uid in (7, 1002, 7, 1002)] == ["7", "1002", "7", "1002"]
    assert directory.asked == [7, 1002]
    now_s[0] = RETRY_S
    assert names.of(7) == "7"
    assert directory.asked == [7, 1002, 7]


def test_a_directory_that_hangs_keeps_nobody_waiting() -> None:
    directory = Directory()
    names = UserNames(directory)
    started_s = time.monotonic()
    assert [names.of(uid) for uid in (1003, 1001, *range(2000, 2100))][:2] == ["1003", "1001"]
    assert time.monotonic() - started_s < 5
    directory.let_go.set()
    deadline_s = time.monotonic() + 20
    while names.of(1001) != "ada" and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert (names.of(1003), names.of(1001)) == ("eve", "ada")
