"""The HTML that the browser loads first. The early script stands in the head, so that no wrong scheme flashes up."""

from typing import Final

INDEX: Final = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14181d" media="(prefers-color-scheme: dark)">
<script src="/assets/early/early.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
<noscript><p>These pages need JavaScript. The command line does not: maxwatt top, maxwatt job.</p></noscript>
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""
