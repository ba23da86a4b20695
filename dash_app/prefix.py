"""An app that lives below a path such as /services/maxwatt, whether or not the proxy before it takes the path away."""

from collections.abc import Callable, Iterable
from typing import Any

WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def below(app: WSGIApp, base: str) -> WSGIApp:
    """`app` with `base` moved from the path to where WSGI keeps it (SCRIPT_NAME), so that every link can be made.

    Requests without it are answered too: agents push to the server itself, and some proxies take the path away.
    """
    if not base:
        return app

    def moved(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        inner = path[len(base) :] if path == base or path.startswith(f"{base}/") else path
        return app({**environ, "SCRIPT_NAME": base, "PATH_INFO": inner or "/"}, start_response)

    return moved
