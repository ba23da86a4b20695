"""Job states as coloured labels; the word says it, the colour only helps."""

from typing import Final

from dash import html

from dash_app.language import _, marked

_KINDS: Final = {
    "RUNNING": "running",
    "COMPLETED": "good",
    "FAILED": "bad",
    "NODE_FAIL": "bad",
    "BOOT_FAIL": "bad",
    "OUT_OF_MEMORY": "bad",
    "TIMEOUT": "warn",
    "DEADLINE": "warn",
    "PREEMPTED": "warn",
    "SUSPENDED": "warn",
}


_CODES: Final = {
    "PENDING": "PD",
    "RUNNING": "R",
    "SUSPENDED": "S",
    "COMPLETED": "CD",
    "CANCELLED": "CA",
    "FAILED": "F",
    "TIMEOUT": "TO",
    "NODE_FAIL": "NF",
    "PREEMPTED": "PR",
    "BOOT_FAIL": "BF",
    "DEADLINE": "DL",
    "OUT_OF_MEMORY": "OOM",
    "REQUEUED": "RQ",
    "RESIZING": "RS",
    "REVOKED": "RV",
}

_LABELS: Final = {
    "PENDING": marked("Pending"),
    "RUNNING": marked("Running"),
    "SUSPENDED": marked("Suspended"),
    "COMPLETED": marked("Completed"),
    "CANCELLED": marked("Cancelled"),
    "FAILED": marked("Failed"),
    "TIMEOUT": marked("Timeout"),
    "NODE_FAIL": marked("Node fail"),
    "PREEMPTED": marked("Preempted"),
    "BOOT_FAIL": marked("Boot fail"),
    "DEADLINE": marked("Deadline"),
    "OUT_OF_MEMORY": marked("Out of memory"),
    "REQUEUED": marked("Requeued"),
    "RESIZING": marked("Resizing"),
    "REVOKED": marked("Revoked"),
    "UNKNOWN": marked("Unknown"),
}


def state_code(state: str) -> str:
    """Slurm's own short code, as squeue prints it; the state itself where there is none."""
    return _CODES.get(state, state)


def state_kind(state: str) -> str:
    """`running`, `good`, `bad`, `warn` or `plain`: the style sheet's class."""
    return _KINDS.get(state, "plain")


def state_label(state: str) -> str:
    """`OUT_OF_MEMORY` as `Out of memory`; a state that nobody knows as it is."""
    return _(_LABELS[state]) if state in _LABELS else state.replace("_", " ").capitalize()


def state_badge(state: str) -> html.Span:
    """The label."""
    return html.Span(state_label(state), className=f"mw-state mw-state-{state_kind(state)}")
