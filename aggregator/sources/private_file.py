"""Files with a key or a token of a source: without them the source rests, and everything else goes on."""

from pathlib import Path

from maxwatt.config.private_file import read_private
from maxwatt.domain.errors import SourceError


def read_filled(path: Path, setting: str) -> bytes:
    """Content of a file that nobody else may read; its first 64 KiB.

    Args:
        setting: that names the file, for the error.

    Raises:
        SourceError: it cannot be read, is open to others, or is empty.
    """
    content = read_private(path, setting, SourceError)
    if not content.strip():
        raise SourceError(f"{path} ({setting}) is empty")
    return content
