"""The OpenAPI document of the API, made from its resources."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from dash_app.api.problems import MIMETYPE, PREFIX, Problem
from dash_app.api.resource import Resource, adapter

Node = dict[str, Any]

VERSION: Final = "1.0.0"
_REFERENCE: Final = "#/components/schemas/{model}"
_ABOUT: Final = """Energy, CO2 and cost of the jobs of a Slurm cluster, and how they came about.

* The API only reads. Everybody gets what they may see on the pages: their own jobs, and those of the accounts that they
  coordinate; administrators get all.
* Times are milliseconds since 1970-01-01 UTC (`_ms`). Units are part of the name: `_j` joules, `_w` watts, `_s`
  seconds, `_g` grams of CO2 equivalent, `_bytes`; `cost` is in the currency that `/status` names. Shares and
  efficiencies are 0 to 1.
* null is unknown, never zero.
* Parameters that are not listed are refused. Errors are `application/problem+json` (RFC 9457).
* Within version 1 fields may be added; none is renamed, removed or given another meaning."""

_ERRORS: Final[Mapping[int, str]] = {
    400: "A parameter is unknown or has a value that it cannot have.",
    401: "No valid token and no valid session.",
    403: "Only who may see everybody's jobs gets this.",
    404: "There is none, or it is not yours to see.",
    503: "The ledger or the store of samples is away; Retry-After says when to ask again.",
}
_MEDIA: Final = {"csv": "text/csv", "json": "application/json"}


class _Schemas(GenerateJsonSchema):
    """Schemas without titles; every field of an answer is always there."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: names say what titles would."""
        del schema
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Also those with a default, in answers."""
        return self.mode == "serialization" or super().field_is_required(field, total)


def document(resources: Iterable[Resource[Any]], root: str = "") -> Node:
    """The document.

    Args:
        root: path that a proxy puts before ours.
    """
    listed = list(resources)
    kinds = [(each.name, "serialization", adapter(each.answer)) for each in listed]
    kinds.append(("", "serialization", TypeAdapter(Problem)))
    answers, definitions = TypeAdapter.json_schemas(kinds, ref_template=_REFERENCE, schema_generator=_Schemas)  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {"title": "maxwatt", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": root + PREFIX}],
        "security": [{"token": []}],
        "paths": {each.path: {"get": _operation(each, answers[each.name, "serialization"])} for each in listed},
        "components": {
            "schemas": {name: described(schema) for name, schema in definitions["$defs"].items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def media_of(resource: Resource[Any]) -> str:
    """Media type of its answer."""
    return _MEDIA[resource.file.rpartition(".")[2] or "json"]


def described(schema: Node) -> Node:
    """A schema with the lines of its docstring's `Args:` at the fields that they are about."""
    text, _, arguments = schema.get("description", "").partition("\n\nArgs:\n")
    lines = _by_name(arguments)
    properties = {
        name: {**field, "description": lines[name]} if name in lines else field
        for name, field in schema.get("properties", {}).items()
    }
    return {**schema, **({"description": text} if text else {}), **({"properties": properties} if properties else {})}


def _by_name(arguments: str) -> dict[str, str]:
    """`name, other: text` on lines of four spaces, longer texts on deeper lines below, to each name's text."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in arguments.splitlines():
        if not line.startswith("     "):
            head, _, text = line.strip().partition(": ")
            names = head.split(", ")
            found |= dict.fromkeys(names, text)
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _operation(resource: Resource[Any], answer: Node) -> Node:
    statuses = [400, 401, *([403] if resource.for_all else []), *([404] if "{" in resource.path else []), 503]
    return {
        "operationId": resource.name,
        "summary": resource.summary,
        "description": resource.description,
        "parameters": _parameters(resource),
        "responses": {
            "200": {"description": resource.summary, "content": {media_of(resource): {"schema": answer}}},
            **{str(status): _error(status) for status in statuses},
        },
    }


def _parameters(resource: Resource[Any]) -> list[Node]:
    schema = adapter(resource.asked).json_schema(ref_template=_REFERENCE, schema_generator=_Schemas)
    return [_parameter(field.name, schema, resource.path) for field in fields(resource.asked)]


def _parameter(name: str, schema: Node, path: str) -> Node:
    declared = dict(schema["properties"][name])
    description = declared.pop("description", "")
    return {
        "name": name,
        "in": "path" if f"{{{name}}}" in path else "query",
        "required": name in schema.get("required", ()),
        "description": description,
        "schema": _without_null(declared),
    }


def _without_null(declared: Node) -> Node:
    """What a parameter may be when it is given: None only says that it was left out."""
    given = [each for each in declared.get("anyOf", ()) if each != {"type": "null"}]
    if not given:
        return declared
    return {**{key: value for key, value in declared.items() if key not in {"anyOf", "default"}}, **given[0]}


def _error(status: int) -> Node:
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {"description": _ERRORS[status], "content": {MIMETYPE: {"schema": schema}}}
