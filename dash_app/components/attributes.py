"""ARIA and data attributes for Dash components."""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """`aria(label="Jobs")` is `{"aria-label": "Jobs"}`, to be passed as keywords; HTML wants text, also for numbers."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """`data(language="de")` is `{"data-language": "de"}`: what scripts of ours read."""
    return {f"data-{name}": value for name, value in values.items()}


HIDDEN = aria(hidden="true")
"""Not for screen readers: decoration, or said elsewhere."""
