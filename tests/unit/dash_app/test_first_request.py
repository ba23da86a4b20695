"""Dash builds its layout within the first request of all: it may come from an agent that never signs in."""

from flask import Response
from stand_in import StandIn

from dash_app.factory import create_app
from maxwatt.config import Settings


def test_first_request_may_be_a_push():
    app = create_app(StandIn(), Settings(), "token")
    app.server.add_url_rule("/api/v2/write", view_func=lambda: Response(status=204), methods=["POST"], endpoint="w")
    assert app.server.test_client().post("/api/v2/write").status_code == 204
