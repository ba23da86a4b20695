"""ARIA attributes for Dash components."""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """`aria(label="Jobs")` is `{"aria-label": "Jobs"}`, to be passed as keywords; HTML wants text, also for numbers."""
    return {f"aria-{name}": value for name, value in values.items()}


HIDDEN = aria(hidden="true")
"""Not for screen readers: decoration, or said elsewhere."""
