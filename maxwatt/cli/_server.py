"""The server put together: store, ledger, ingest, aggregator and web app in one process."""

import contextlib
import fcntl
import gc
import ipaddress
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aggregator.ingest.committer import Committer
from aggregator.ingest.http import ingest_blueprint
from aggregator.ingest.tokens import digest
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.loop import Aggregator
from aggregator.pipeline.memory import keep_freed_memory
from aggregator.queries.queries import Queries
from aggregator.sources.carbon import static
from aggregator.sources.carbon.site import site_steps
from aggregator.sources.jobs.coordinators import Coordinators
from aggregator.store.registry import open_store
from dash_app.factory import create_app
from maxwatt.cli._web_server import listening
from maxwatt.config import Settings
from maxwatt.domain.errors import ConfigError, StoreLockedError
from maxwatt.domain.ports import AccountingSource, LiveSource, Store

MIN_TOKEN_CHARS = 16
"""A shorter text in the token's file is none: torn, or made by hand and easy to guess."""

LOCK_FILE = "serve.lock"
"""Locked as long as a server runs on the folder."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and what the composition needs of it."""

    url: str
    access_url: str
    store: Store
    ledger: Ledger
    committer: Committer
    aggregator: Aggregator


@contextlib.contextmanager
def running_server(
    settings: Settings,
    live: LiveSource | None,
    accounting: AccountingSource | None,
    coordinators: Coordinators | None = None,
) -> Iterator[Server]:
    """Start everything, and stop it in the opposite order.

    Raises:
        ConfigError: an address that is not loopback, an unknown carbon zone, or a data folder that cannot be used.
        StoreLockedError: another server runs on the same data folder.
    """
    _refuse_open_address(settings)
    static.steps(settings)  # a zone that no table has is told now, not in every round of the aggregator
    site_steps(settings)  # and so is a file that is not there
    folder = _data_dir(settings)
    keep_freed_memory()
    token = secrets.token_urlsafe(24)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(locked(folder))
        store = open_store(settings)
        stack.callback(store.close)
        ledger = Ledger.open(settings.ledger_url)
        stack.callback(ledger.close)
        ledger.claim(settings.cluster.name)
        ledger.put_fact("simulated", "1" if settings.cluster.simulated else "0")
        aggregator = Aggregator(store, ledger, settings, live, accounting, coordinators)
        committer = Committer(store, settings.server.commit_interval_ms, on_commit=aggregator.note_samples)
        stack.callback(committer.close)
        app = create_app(Queries(ledger.engine, store, settings), settings, token, ledger.identities)
        app.server.register_blueprint(ingest_blueprint(committer, [digest(ingest_token(folder))]))
        stack.enter_context(lasting_objects())
        stack.callback(aggregator.stop)
        url = stack.enter_context(listening(app.server, settings.server.host, settings.server.port))
        aggregator.start()
        _write_private(lock, json.dumps({"url": url, "pid": os.getpid()}))
        stack.callback(lock.unlink, missing_ok=True)
        yield Server(url, _access_url(settings, url, token), store, ledger, committer, aggregator)


def _access_url(settings: Settings, url: str, token: str) -> str:
    """What one opens to see the pages."""
    start = f"{url}{settings.server.base_path}/"
    return f"{start}?token={token}" if settings.signin.method == "token" else start


def ingest_token(folder: Path) -> str:
    """The token agents push with, made on the first start and readable by the folder's owner only.

    Raises:
        ConfigError: the file holds no token.
    """
    path = folder / "ingest.token"
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(24) + "\n")
    token = path.read_text(encoding="utf-8").strip()
    if len(token) < MIN_TOKEN_CHARS:
        raise ConfigError(f"{path} holds no token: delete it, and the next start makes one, which agents then need")
    return token


def _refuse_open_address(settings: Settings) -> None:
    if settings.signin.method != "token":
        return
    try:
        loopback = ipaddress.ip_address(settings.server.host).is_loopback
    except ValueError:
        loopback = settings.server.host == "localhost"
    if not loopback:
        raise ConfigError(
            f"server.host is {settings.server.host}: until a sign-in is configured the server listens on loopback "
            "only. Use 127.0.0.1 and reach it through an SSH tunnel, or set signin.method"
        )


def _data_dir(settings: Settings) -> Path:
    folder = Path(settings.server.data_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the folder for this process; yields the path of `serve.json`, which tells others where we listen.

    Raises:
        ConfigError: the folder cannot be written.
        StoreLockedError: another server holds it.
    """
    note = folder / "serve.json"
    with _lock_file(folder) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLockedError(
                f"another server runs on {folder}{_where(note)}. Stop it first, or choose another --data-dir"
            ) from None
        yield note


def _lock_file(folder: Path) -> IO[str]:
    try:
        return (folder / LOCK_FILE).open("a")
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> ConfigError:
    reason = "is no folder" if isinstance(error, FileExistsError) else error.strerror
    return ConfigError(f"data folder {folder}: {reason}. Choose another with --data-dir or server.data_dir")


def _where(note: Path) -> str:
    """Where the other server is, as far as its note is there and whole."""
    try:
        running = json.loads(note.read_text(encoding="utf-8"))
        return f" (pid {running['pid']}, {running['url']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextlib.contextmanager
def lasting_objects() -> Iterator[None]:
    """What is there now stays as long as the server runs: garbage is looked for among what comes after it only.

    Else each look at all of it holds every request up, for tenths of a second.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _write_private(path: Path, text: str) -> None:
    """Readable by the owner only, and never seen half written."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    beside.replace(path)
