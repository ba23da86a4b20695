"""The document of the API as a page to read: plain HTML, no script."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from dash_app.api.problems import PREFIX

Node = Mapping[str, Any]

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · maxwatt</title>
<link rel="icon" type="image/svg+xml" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a href="{home}">maxwatt</a><a href="{document}">openapi.json</a></header>
<main id="content">
<h1>API, version {version}</h1>
{about}
<pre tabindex="0" role="region" aria-label="Example">
<code>curl --header "Authorization: Bearer $TOKEN" {example}</code></pre>
<nav aria-label="Resources and types">
<h2>Resources</h2><ul>{operations}</ul>
<h2>Types</h2><ul class="types">{types}</ul>
</nav>
{paths}
{schemas}
</main>
</body>
</html>
"""


def docs_page(document: Node, link: Callable[[str], str]) -> str:
    """The page.

    Args:
        document: see `openapi.document`.
        link: address of a path of ours, as the browser has to ask for it.
    """
    operations = {path: item["get"] for path, item in document["paths"].items()}
    schemas = document["components"]["schemas"]
    return _PAGE.format(
        icon=link("/assets/favicon.svg"),
        style=link("/assets/api.css"),
        home=link("/"),
        document=link(f"{PREFIX}/openapi.json"),
        version=escape(document["info"]["version"]),
        about=_about(document["info"]["description"]),
        example=f"https://HOST{escape(document['servers'][0]['url'])}/jobs?limit=10",
        operations="".join(_entry(each["operationId"], path) for path, each in operations.items()),
        types="".join(_entry(f"type-{name}", name) for name in schemas),
        paths="".join(_operation(path, each) for path, each in operations.items()),
        schemas="".join(_schema(name, each) for name, each in schemas.items()),
    )


def _entry(target: str, text: str) -> str:
    return f'<li><a href="#{escape(target)}"><code>{escape(text)}</code></a></li>'


def _about(text: str) -> str:
    first, _, points = text.partition("\n\n* ")
    items = "".join(f"<li>{_prose(point)}</li>" for point in points.split("\n* "))
    return f"<p>{_prose(first)}</p><ul>{items}</ul>"


def _prose(text: str) -> str:
    """Text with its `code` marked up."""
    parts = escape(" ".join(text.split())).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _operation(path: str, operation: Node) -> str:
    answer = operation["responses"]["200"]["content"]
    media, content = next(iter(answer.items()))
    statuses = ", ".join(code for code in operation["responses"] if code != "200")
    return (
        f'<section id="{escape(operation["operationId"])}"><h2><code>GET {escape(path)}</code></h2>'
        f"<p>{_prose(operation['description'])}</p>"
        f"{_table('Parameters', [_parameter(each) for each in operation['parameters']])}"
        f"<p>Answer: {_kind(content['schema'])} as <code>{escape(media)}</code>; problems: {statuses}.</p></section>"
    )


def _parameter(parameter: Node) -> tuple[str, str, str]:
    schema = parameter["schema"]
    usual = schema.get("default")
    default = "" if usual in (None, "", []) else f" Default: <code>{escape(str(usual).lower())}</code>."
    where = " In the path." if parameter["in"] == "path" else ""
    return parameter["name"], _kind(schema), _prose(parameter["description"]) + where + default


def _schema(name: str, schema: Node) -> str:
    rows = [
        (field, _kind(each), _prose(each.get("description", "")))
        for field, each in schema.get("properties", {}).items()
    ]
    one_of = "" if rows else f"<p>{_kind(schema)}</p>"
    return (
        f'<section id="type-{escape(name)}"><h2>{escape(name)}</h2><p>{_prose(schema.get("description", ""))}</p>'
        f"{one_of}{_table('Fields', rows)}</section>"
    )


def _table(caption: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{kind}</td><td>{text}</td></tr>'
        for name, kind, text in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f'<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _kind(schema: Node) -> str:
    """A schema in words: `integer, 1 to 500`, `list of JobRow`, `number or null`."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"<code>{escape(value)}</code>" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"name to {_kind(schema['additionalProperties'])}"
    return escape(str(schema.get("type", "any"))) + _limits(schema)


def _limits(schema: Node) -> str:
    if "maximum" in schema:
        return f", {schema.get('minimum', '')} to {schema['maximum']}"
    return f", up to {schema['maxLength']} characters" if "maxLength" in schema else ""
