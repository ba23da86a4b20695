"""Values of Slurm's JSON: since 23.02 numbers are `{set, infinite, number}`, states and exit states are lists. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from aggregator.sources.jobs import values
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import MS_PER_S

_LATEST_S: Final = 253_402_300_799


def at(value: Any, *path: str) -> Any:
    """What lies at a path of keys, None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def items(value: Any) -> list[Any]:
    """The items of a list, none where it is absent."""
    if value is not None and not isinstance(value, list):
        raise InputError(f"{str(value)[:40]!r} is no list")
    return value or []


def text(value: Any) -> str:
    """Text, empty where there is none."""
    return values.text_or_empty(value) if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """A whole number, plain or as `{set, infinite, number}`; None where it is unset or infinite."""
    value = _plain(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LATEST_S:
        raise InputError(f"{str(value)[:40]!r} is no whole number")
    return value


def _plain(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return value.get("number") if value.get("set") and not value.get("infinite") else None


def energy_j(value: Any) -> float | None:
    """Energy [J], None where Slurm measured none.

    Raises:
        InputError: it is no whole number.
    """
    value = _plain(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{str(value)[:40]!r} is no energy in joules")
    return values.known_energy_j(value)


def time_ms(value: Any) -> int | None:
    """Time as epoch ms UTC, None where it is not set.

    Raises:
        InputError: it is none.
    """
    seconds = number(value)
    if seconds is not None and seconds < 0:
        raise InputError(f"{seconds} is no time of a job")
    return seconds * MS_PER_S if seconds else None


def words_of(value: Any) -> list[str]:
    """The words of a list, or the one that stands in place of a list."""
    return [value] if isinstance(value, str) else [word for word in items(value) if isinstance(word, str)]


def state_of(value: Any) -> JobState:
    """Base state of a list of states and flags: `[PENDING, REQUEUED]` is an attempt that was requeued."""
    words = words_of(value)
    if "REQUEUED" in words:
        return JobState.REQUEUED
    base = [word for word in words if word in JobState.__members__]
    return JobState(base[0]) if base else values.parse_state(words[0] if words else "")


def exit_of(value: Any) -> tuple[int | None, int | None]:
    """Exit code and signal as the text formats show them: the unset one of the two is 0."""
    code, signal = number(at(value, "return_code")), number(at(value, "signal", "id"))
    return (None, None) if code is None and signal is None else (code or 0, signal or 0)
