"""A person as the hub's record names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HubPerson:
    """A user of the hub.

    Args:
        name: as in Slurm: the hub's users are the cluster's.
        scopes: what the token allows, of what they may do.
    """

    name: str
    admin: bool
    groups: frozenset[str]
    scopes: frozenset[str]


def person_of(record: Mapping[str, Any]) -> HubPerson | None:
    """The person of a hub's record; None for a service, which is nobody."""
    name = record.get("name")
    if record.get("kind", "user") != "user" or not isinstance(name, str) or not name:
        return None
    return HubPerson(name, record.get("admin") is True, _texts(record.get("groups")), _texts(record.get("scopes")))


def may_enter(person: HubPerson, access_scopes: Sequence[str]) -> bool:
    """Whether the hub lets this person use us: one of these scopes, or the one that stands for every service."""
    return not access_scopes or "access:services" in person.scopes or not person.scopes.isdisjoint(access_scopes)


def _texts(values: Any) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else frozenset()
