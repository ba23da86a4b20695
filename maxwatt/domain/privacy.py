"""What stays of a person's job once the person is forgotten: its sums, not who it was and what it was about."""

from dataclasses import replace
from typing import Any, Final

from maxwatt.domain.jobs import JobRecord

FORGOTTEN: Final = "(forgotten)"
"""Stands in the place of a name; no Unix user can be called that."""

PERSONAL: Final = ("name", "command", "work_dir", "stdout", "stderr", "comment")
"""Texts of a job that its user wrote or that lead to its user. The account is a project's, and stays."""


def without_person(record: JobRecord) -> JobRecord:
    """The record without its user's name and words; a reason stays where it does not name the user."""
    named = bool(record.user) and record.user in record.state_reason
    words: dict[str, Any] = dict.fromkeys(PERSONAL, "")
    return replace(record, user=FORGOTTEN, state_reason="" if named else record.state_reason, **words)
