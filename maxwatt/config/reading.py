"""TOML text to settings: every fault is told at once with its line; unknown keys are refused."""

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from maxwatt.config.faults import Faults
from maxwatt.config.sections import LISTS, SECTIONS, Application, Settings
from maxwatt.domain.errors import ConfigError, InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.node_model import NodeModel

LARGEST: Final = 1e11
"""No setting is larger: as many days are still a time in 64 bits of milliseconds."""


def load(path: Path) -> Settings:
    """Settings from a TOML file.

    Raises:
        ConfigError: with every fault of the file, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    return parse(text, str(path))


def parse(text: str, name: str = "configuration") -> Settings:
    """Settings from TOML text; `name` stands in the error messages.

    Raises:
        ConfigError: with every fault of the text, each with its line.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}") from error
    faults = Faults(name, text)
    values: dict[str, Any] = {}
    for section, content in document.items():
        if section in LISTS:
            values[section] = _LIST_READERS[section](_entries(section, content, faults), faults)
        elif section not in SECTIONS:
            faults.add((section,), f"unknown section; known: {', '.join([*SECTIONS, *LISTS])}")
        elif not isinstance(content, dict):
            faults.add((section,), "must be a section")
        else:
            values[section] = _build(SECTIONS[section], content, (section,), faults)
    faults.raise_if_any()
    return Settings(**values)


def _build(kind: type, content: Mapping[str, Any], path: tuple[str | int, ...], faults: Faults) -> Any:
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}
    values = {}
    for key, raw in content.items():
        here = (*path, key)
        if key not in known:
            faults.add(here, f"is unknown; known: {', '.join(known)}")
            continue
        value, problem = _convert(raw, hints[key])
        check = known[key].metadata.get("check")
        if problem is None and check is not None and value is not None:
            problem = check(value)
        if problem:
            faults.add(here, f"{problem}, not {raw!r}")
        else:
            values[key] = value
    return kind(**values)


def _convert(raw: Any, hint: Any) -> tuple[Any, str | None]:
    """The value as the hinted type, or what is wrong with it."""
    if isinstance(hint, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if isinstance(raw, int | float) and hint in {int, float} and not abs(raw) <= LARGEST:  # NaN is not either
        return None, f"must be a number of at most {LARGEST:g}"
    if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw), None
    if typing.get_origin(hint) is tuple:
        if isinstance(raw, list) and all(isinstance(item, str) for item in raw):
            return tuple(raw), None
        return None, "must be a list of strings"
    if isinstance(raw, hint) and not (hint is int and isinstance(raw, bool)) and not isinstance(raw, datetime):
        return raw, None
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", date: "a day: 2024-05-01"}
    return None, f"must be {names[hint]}"


def _entries(section: str, content: Any, faults: Faults) -> list[dict[str, Any]]:
    if isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        return content
    faults.add((section,), f"must be a list: write [[{section}]]")
    return []


def _applications(entries: list[dict[str, Any]], faults: Faults) -> tuple[Application, ...]:
    found: list[Application] = []
    for index, entry in enumerate(entries):
        application: Application = _build(Application, {"name": "", **entry}, ("applications", index), faults)
        if application.name in {one.name for one in found}:
            faults.add(("applications", index, "name"), f"{application.name} stands here a second time")
        found.append(application)
    return tuple(found)


def _node_models(entries: list[dict[str, Any]], faults: Faults) -> tuple[NodeModel, ...]:
    models, owner = [], dict[str, str]()
    for index, entry in enumerate(entries):
        model = _node_model(dict(entry), ("node_models", index), faults)
        for node in model.nodes:
            if node in owner:
                faults.add(("node_models", index, "nodes"), f"name {node}, which {owner[node]} has already")
            owner[node] = model.name
        models.append(model)
    return tuple(models)


def _node_model(entry: dict[str, Any], path: tuple[str | int, ...], faults: Faults) -> NodeModel:
    nodes = entry.pop("nodes", "")
    model: NodeModel = _build(NodeModel, {"name": "", **entry}, path, faults)
    for key, value in entry.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            faults.add((*path, key), f"must not be negative, not {value!r}")
    if not all(re.fullmatch(r"[1-9](?:,[1-9])*", text) for text in model.mig_slices):
        faults.add((*path, "mig_slices"), 'must hold a text such as "3,3" for each board')
    if (model.embodied_kg > 0) != (model.lifetime_years > 0):
        faults.add((*path, "embodied_kg"), "and lifetime_years need each other")
    try:
        names = expand(nodes) if isinstance(nodes, str) else tuple(nodes)
    except InputError as error:
        faults.add((*path, "nodes"), str(error))
        names = ()
    return dataclasses.replace(model, nodes=names)


_LIST_READERS: Final[dict[str, Callable[[list[dict[str, Any]], Faults], Any]]] = {
    "applications": _applications,
    "node_models": _node_models,
}
