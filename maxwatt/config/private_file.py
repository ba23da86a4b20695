"""Files with a key, a token or a secret: nobody but their owner may read them."""

import os
import stat
from pathlib import Path
from typing import Final

from maxwatt.domain.errors import ConfigError, SourceError

_LARGEST_BYTES: Final = 64 << 10


def read_private(path: Path, setting: str, fault: type[ConfigError | SourceError] = ConfigError) -> bytes:
    """Content of a file that nobody else may read; its first 64 KiB.

    Args:
        setting: that names the file, for the error.
        fault: what is raised: a `SourceError` where work goes on without the file.

    Raises:
        ConfigError: the file cannot be read or is open to others.
        SourceError: the same, where it was asked for.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_LARGEST_BYTES)
    except OSError as error:
        raise fault(f"{path} ({setting}) cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise fault(f"{path} ({setting}) is open to others: chmod 600 {path}")
    return content
