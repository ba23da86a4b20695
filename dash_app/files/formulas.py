"""Texts in files that spreadsheets open."""

from typing import Any, Final

_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r")


def unformula(value: Any) -> Any:
    """A value as it is; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINNINGS) else value
