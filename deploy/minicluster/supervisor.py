"""Process 1 of the cluster's PID namespace: starts and stops servers when it is asked to, and reaps what is left over.

The kernel kills everything in the namespace when this process ends, whichever way it ends.
"""

import contextlib
import json
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from deploy.minicluster import leftovers
from deploy.minicluster.node_namespace import bind

TICK_S: Final = 0.05


class Supervisor:
    """Its servers by name, in the order they were started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pids: dict[str, int] = {}
        self._exits: dict[int, int] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the supervisor says to one request of `control.ask`."""
        match request["op"]:
            case "start":
                return {"pid": self._start(request)}
            case "stop":
                return {"clean": self._stop(request["name"], request["limit_s"])}
            case "status":
                return {"pids": self._running()}
            case other:
                return {"fault": f"unknown request {other}"}

    def reap(self) -> None:
        """Take the exit status of every child that has ended, adopted ones too."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._exits[ended[0]] = ended[1]

    def stop_all(self, limit_s: float) -> None:
        """Stop every server, the last one started first, with one time limit for all together."""
        end = time.monotonic() + limit_s
        for name in reversed(self._running()):
            self._stop(name, max(0.2, end - time.monotonic()))

    def _running(self) -> dict[str, int]:
        self.reap()
        return {name: pid for name, pid in self._pids.items() if pid not in self._exits}

    def _start(self, request: Mapping[str, Any]) -> int:
        name = request["name"]
        running = self._running()
        if name in running:
            return running[name]
        with (self._folder / "log" / f"{name}.out").open("ab") as log:
            self._pids[name] = _spawn(request["argv"], request["user"], request["environment"], log)
        self._exits.pop(self._pids[name], None)
        return self._pids[name]

    def _stop(self, name: str, limit_s: float) -> bool:
        pid = self._running().get(name)
        if pid is None:
            return True
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + limit_s
        while name in self._running():
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                return False
            time.sleep(TICK_S / 5)
        return True


def _spawn(argv: list[str], user: str, environment: dict[str, str], log: IO[bytes]) -> int:
    account = pwd.getpwnam(user)
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True, cwd="/",
        user=account.pw_uid, group=account.pw_gid, extra_groups=os.getgrouplist(user, account.pw_gid),
    )  # fmt: skip
    process.returncode = 0  # this process reaps by itself, Popen shall not
    return process.pid


def serve(folder: Path, name: str, tied: bool) -> None:
    """Answer requests until one says shutdown, SIGTERM comes, or, when `tied`, the standard input ends."""
    supervisor = Supervisor(folder)
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "run" / "control.sock"))
        listener.listen(8)
        watched: list[Any] = [listener, sys.stdin] if tied else [listener]
        while not ended:
            ready, _, _ = select.select(watched, [], [], TICK_S)
            supervisor.reap()
            if listener in ready and not _converse(supervisor, listener):
                break
            if sys.stdin in ready and not os.read(0, 4096):
                break
    supervisor.stop_all(limit_s=6.0)
    _kill_the_rest()
    leftovers.remove(name)


def _kill_the_rest() -> None:
    """Kill and reap every other process of the namespace: jobs, and whatever was started inside."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _converse(supervisor: Supervisor, listener: socket.socket) -> bool:
    """Answer one request. Returns whether to go on."""
    connection, _ = listener.accept()
    connection.settimeout(2.0)
    with connection, connection.makefile("rw", encoding="utf-8") as stream:
        try:
            request = json.loads(stream.readline())
            shutdown = request["op"] == "shutdown"
            reply = {"leaving": True} if shutdown else supervisor.answer(request)
        except (OSError, ValueError, KeyError) as error:
            shutdown, reply = False, {"fault": f"{type(error).__name__}: {error}"}
        with contextlib.suppress(OSError):  # who asked may be gone
            stream.write(json.dumps(reply) + "\n")
            stream.flush()
    return not shutdown


if __name__ == "__main__":
    for word in sys.argv[3:]:
        if word.startswith("--see="):
            bind(*map(Path, word.split("=")[1:]))
    serve(Path(sys.argv[1]), sys.argv[2], "--tied" in sys.argv[3:])
