"""Files with a key or a token: they are the server's alone."""

import os
import stat
from pathlib import Path
from typing import Final

from maxwatt.domain.errors import SourceError

_LARGEST_BYTES: Final = 64 << 10


def read_private(path: Path, setting: str) -> bytes:
    """Content of a file that nobody else may read; its first 64 KiB.

    Args:
        setting: that names the file, for the error.

    Raises:
        SourceError: it cannot be read, is open to others, or is empty.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_LARGEST_BYTES)
    except OSError as error:
        raise SourceError(f"{path} ({setting}) cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise SourceError(f"{path} ({setting}) is open to others: chmod 600 {path}")
    if not content.strip():
        raise SourceError(f"{path} ({setting}) is empty")
    return content
