"""Settings as a TOML file: what differs from the defaults, readable and accepted by `maxwatt.config.load`."""

import dataclasses
import json
from collections.abc import Iterator

from maxwatt.config import SECTIONS, Settings
from maxwatt.domain.hostlist import compress
from maxwatt.domain.node_model import NodeModel


def to_toml(settings: Settings) -> str:
    """TOML text of the settings, defaults left out."""
    sections = [(f"[{name}]", _changed(getattr(settings, name))) for name in SECTIONS]
    models = [("[[node_models]]", _model(model)) for model in settings.node_models]
    return "\n".join(f"{head}\n{body}\n" for head, body in (*sections, *models) if body)


def _changed(section: object) -> str:
    return "\n".join(_lines(section, skip=frozenset()))


def _model(model: NodeModel) -> str:
    return "\n".join([f"nodes = {json.dumps(compress(model.nodes))}", *_lines(model, skip=frozenset({"nodes"}))])


def _lines(record: object, skip: frozenset[str]) -> Iterator[str]:
    for field in dataclasses.fields(record):  # type: ignore[arg-type]  # every section is a dataclass
        value = getattr(record, field.name)
        if field.name not in skip and value != field.default:
            # JSON's texts, numbers, booleans and lists are TOML's as well.
            yield f"{field.name} = {json.dumps(value)}"
