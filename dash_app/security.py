"""Headers that tell the browser to load nothing from elsewhere and to run no script but ours."""

from collections.abc import Sequence

from flask import Flask, Response


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """The policy; `script_hashes` are those of Dash's own inline start script."""
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",  # Mantine, AG Grid and plotly write style elements
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        ]
    )


def add_security_headers(server: Flask, script_hashes: Sequence[str]) -> None:
    """Put the headers on every answer of `server`, login page and errors included."""
    headers = {
        "Content-Security-Policy": content_security_policy(script_hashes),
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # none at all would leave `Origin: null` on our own forms
        "Cross-Origin-Opener-Policy": "same-origin",
    }

    def add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    server.after_request(add)
