"""A file with one secret: nobody but its owner may read it."""

import os
import stat
from pathlib import Path
from typing import Final

from maxwatt.domain.errors import ConfigError

MIN_SECRET_CHARS: Final = 16
"""A shorter one is torn, or easy to guess."""

_LARGEST_BYTES: Final = 64 << 10


def read_secret(path: Path, setting: str) -> str:
    """The secret in a file, without the blanks around it.

    Args:
        setting: that names the file, for the error.

    Raises:
        ConfigError: the file cannot be read, is open to others, or holds no secret.
    """
    secret = read_owned(path, setting).decode("utf-8", "replace").strip()
    if len(secret) < MIN_SECRET_CHARS or not secret.isprintable():
        raise ConfigError(f"{path} ({setting}) holds no secret: one line of {MIN_SECRET_CHARS} signs or more")
    return secret


def read_owned(path: Path, setting: str) -> bytes:
    """Content of a file that nobody else may read; its first 64 KiB.

    Raises:
        ConfigError: the file cannot be read or is open to others.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_LARGEST_BYTES)
    except OSError as error:
        raise ConfigError(f"{path} ({setting}) cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigError(f"{path} ({setting}) is open to others: chmod 600 {path}")
    return content
