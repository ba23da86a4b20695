"""What listens: waitress in a thread of its own, which ends without waiting for connections that nobody uses."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from aggregator.ingest.body import MAX_BODY_BYTES
from aggregator.ingest.http import HEALTH_PATH, WRITE_PATH
from dash_app.turns import taking_turns
from maxwatt.cli._web_threads import TwoPools
from maxwatt.domain.errors import ConfigError

MAX_CONNECTIONS: Final = 800
"""A browser keeps up to six open for two minutes; were there no more to be had, agents would wait for them. Below the
number of files that a process may have open, usually 1024."""

ANSWERS_S: Final = 3.0
"""So long [s] a server that stops waits for answers under way."""


@contextlib.contextmanager
def listening(app: Flask, host: str, port: int, answers_s: float = ANSWERS_S) -> Iterator[str]:
    """Answer requests; yields the address. At the end answers under way are waited for, up to a time [s].

    Raises:
        ConfigError: the address cannot be listened on.
    """
    threads = TwoPools()
    try:
        server = create_server(
            taking_turns(app, free_paths=(WRITE_PATH, HEALTH_PATH)),
            host=host,
            port=port,
            _dispatcher=threads,
            connection_limit=MAX_CONNECTIONS,
            asyncore_use_poll=True,  # select() takes no file number above 1023
            ident=None,
            max_request_body_size=MAX_BODY_BYTES,
            clear_untrusted_proxy_headers=False,  # of them only the scheme is read, to keep cookies on https
        )
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}. Choose another --port") from error
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.effective_port}"
    finally:
        end_s = time.monotonic() + answers_s
        while thread.is_alive() and time.monotonic() < end_s:
            server.trigger.pull_trigger(lambda: _close_unused(server))  # in its thread: not under its select
            thread.join(0.05)
        threads.shutdown(timeout=1)


def _close_unused(server: Any) -> None:
    """Accept no more, and close connections without a request under way; after the last one the thread ends.

    The trigger's own files stay open: who answers late still pulls it, and would otherwise write into whatever file
    has got its number.
    """
    if server.accepting:
        wasyncore.dispatcher.close(server)
    for channel in list(server.active_channels.values()):
        if not channel.requests and not channel.total_outbufs_len:
            channel.handle_close()
    if not server.active_channels:
        server.trigger.del_channel()
