"""What a single setting must be: each check returns what is wrong with a value, or None."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from maxwatt.domain.carbon import MAX_G_PER_KWH
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand

Check = Callable[[Any], str | None]


def positive(value: float) -> str | None:
    """Above 0."""
    return None if value > 0 else "must be above 0"


def not_negative(value: float) -> str | None:
    """0 or more."""
    return None if value >= 0 else "must not be negative"


def zero_or_at_least(lowest: int) -> Check:
    """A check: 0 or at least `lowest`."""
    return lambda value: None if value == 0 or value >= lowest else f"must be 0 or at least {lowest}"


def one_of(*choices: str) -> Check:
    """A check: one of these texts."""
    shown = ", ".join(choice or '""' for choice in choices)
    return lambda value: None if value in choices else f"must be one of {shown}"


def name_of_server(value: str) -> str | None:
    """A name that stands in addresses."""
    fits = re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", value)
    return None if fits else "must be lower-case letters, digits and hyphens, at most 32"


def slurm_word(value: str) -> str | None:
    """A word of Slurm's that goes into a job's script, or nothing."""
    return None if re.fullmatch(r"[A-Za-z0-9_.:,-]{0,64}", value) else "must be one plain word, at most 64 long"


def port(value: int) -> str | None:
    """A TCP port, or 0."""
    return None if 0 <= value < 65536 else "must be a port, 0 to 65535"


def base_path(value: str) -> str | None:
    """A path that an app lives below, or nothing."""
    good = re.fullmatch(r"(?:/[A-Za-z0-9._~@-]+)*", value)
    return None if good else "must be a path such as /services/maxwatt, without a slash at its end"


def user_accounts(values: Sequence[str]) -> str | None:
    """Pairs of a user and an account, such as `ada:physics`."""
    good = all(re.fullmatch(r"[^:\s]+:[^:\s]+", value) for value in values)
    return None if good else "must name a user and an account each, such as ada:physics"


def not_empty(value: str) -> str | None:
    """Some text."""
    return None if value else "must not be empty"


def rest_url(value: str) -> str | None:
    """Where slurmrestd listens: TCP or a Unix socket."""
    wanted = "must be http://host:port, https://host:port or unix:///path"
    try:
        place = urlsplit(value)
        known = bool(place.hostname) and (place.port or 1) > 0 if place.scheme in {"http", "https"} else False
    except ValueError:  # of the host or its port
        return wanted
    if "@" in place.netloc:  # addresses are told in errors
        return "must be without user and password: set rest_user and rest_token_file"
    unix = place.scheme == "unix" and not place.netloc and len(place.path) > 1
    return None if (known or unix) and one_word(value) is None else wanted


def one_word(value: str) -> str | None:
    """Text without blanks and control signs."""
    return None if value.isprintable() and value and " " not in value else "must be one word"


def zone(value: str) -> str | None:
    """A time zone of the tz database."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return "is no time zone of the tz database, such as Europe/Berlin"
    return None


def day(value: str) -> str | None:
    """A day in ISO form, or nothing."""
    try:
        date.fromisoformat(value or "2026-01-01")
    except ValueError:
        return "must be a day such as 2026-01-01"
    return None


def intensity(value: float) -> str | None:
    """A carbon intensity [g/kWh] that can be."""
    return None if 0 <= value <= MAX_G_PER_KWH else f"must be 0 to {MAX_G_PER_KWH:g}"


def emissions(value: str) -> str | None:
    """Which kind of average emissions, or nothing."""
    if value == "marginal":
        return "must be an average: marginal factors only ever serve what would have been avoided, never bookings"
    return one_of("", "lifecycle", "direct")(value)


def hosts(value: str) -> str | None:
    """A host list in Slurm's short form, or nothing."""
    try:
        expand(value)
    except InputError as error:
        return f"is no host list: {error.message}"
    return None
