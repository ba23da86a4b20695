"""A file with one secret: nobody but its owner may read it."""

from pathlib import Path
from typing import Final

from maxwatt.config.private_file import read_private
from maxwatt.domain.errors import ConfigError

MIN_SECRET_CHARS: Final = 16
"""A shorter one is torn, or easy to guess."""


def read_secret(path: Path, setting: str) -> str:
    """The secret in a file, without the blanks around it.

    Args:
        setting: that names the file, for the error.

    Raises:
        ConfigError: the file cannot be read, is open to others, or holds no secret.
    """
    secret = read_private(path, setting).decode("utf-8", "replace").strip()
    if len(secret) < MIN_SECRET_CHARS or not secret.isprintable():
        raise ConfigError(f"{path} ({setting}) holds no secret: one line of {MIN_SECRET_CHARS} signs or more")
    return secret
