"""The HTML that the browser loads first. The early script stands in the head, so that no wrong scheme flashes up."""

from html import escape
from typing import Final

from dash_app.language import _, language

_INDEX: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="{base}/assets/favicon.svg">
<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14181d" media="(prefers-color-scheme: dark)">
<script src="{base}/assets/early/early.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
<noscript><p>{noscript}</p></noscript>
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""


def index_page(base: str) -> str:
    """The template that Dash fills; `base` is the path below which the app lives, such as `/services/maxwatt`."""
    return _INDEX.replace("{base}", base)


def localised(page: str) -> str:
    """The page in the reader's language."""
    noscript = _("These pages need JavaScript. The command line does not: maxwatt top, maxwatt job.")
    return page.replace("{language}", language(), 1).replace("{noscript}", escape(noscript), 1)
