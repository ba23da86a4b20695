"""What the gate asks of a way to sign in."""

from typing import Protocol

from flask import Flask, Response

from maxwatt.domain.viewer import Viewer


class Method(Protocol):
    """One way to sign in. `accounts` of the viewers are left empty: the gate fills them in."""

    @property
    def open_paths(self) -> frozenset[str]:
        """Paths of its own that are answered before anybody is signed in."""
        ...

    @property
    def ambient(self) -> bool:
        """Whether the browser sends the proof by itself, as it does cookies: then only our pages may change things."""
        ...

    def routes(self, server: Flask) -> None:
        """Add its own routes."""
        ...

    def check(self) -> Viewer | Response:
        """Who sends the request being handled, or the answer for somebody who is not signed in."""
        ...

    def sign_out(self) -> Response:
        """End the session of the request being handled."""
        ...
