"""A server ends when it is told to, in a bounded time, and says what held it up."""

import subprocess
import sys

PROGRAM = """
import os, signal, sys, threading, time
from maxwatt.cli._ending import end_now, end_within, stop_on_signals
stop = stop_on_signals()
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + body], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_signal_is_noticed_whichever_thread_it_reaches() -> None:
    done = run("""
def tell():
    time.sleep(0.5)  # the main thread waits by now
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(20)
    os._exit(3)
threading.Thread(target=tell, daemon=True).start()
stop.wait()
""")
    assert done.returncode == 0, done.stderr


def test_a_signal_that_comes_before_it_is_waited_for_is_not_lost() -> None:
    assert run("os.kill(os.getpid(), signal.SIGTERM); stop.wait()").returncode == 0


def test_what_holds_the_end_up_is_told_and_not_waited_for_any_longer() -> None:
    done = run("""
def hold_up():
    time.sleep(60)
threading.Thread(target=hold_up, name="maxwatt-books").start()
end_within(2.0, tell_s=0.5)
""")
    assert done.returncode == 1
    told, _, dump = done.stderr.partition("Timeout")
    assert "still stopping" in told and "maxwatt-books: hold_up (<string>:" in told and "MainThread: " in told
    assert "in hold_up" in dump


def test_the_limit_holds_where_the_interpreter_itself_is_stuck() -> None:
    done = run("""
import ctypes
end_within(2.0, tell_s=0.5)
ctypes.PyDLL(None).sleep(60)  # keeps the interpreter's lock
""")
    assert done.returncode == 1 and "Timeout" in done.stderr


def test_an_end_in_time_says_nothing() -> None:
    done = run("""
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
end_within(20.0)
print("done", flush=True)
end_now()
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
