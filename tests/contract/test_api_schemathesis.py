"""The API keeps what its document promises: requests made from the document, good and bad, to the real server."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "queries"))

from ledger_book import BUCKET, SETTINGS, T0, Book, fill

from aggregator.ledger.ledger import Ledger
from aggregator.queries.queries import Queries
from dash_app.api.catalogue import RESOURCES
from dash_app.api.openapi import document
from dash_app.factory import create_app

TOKEN = "correct-horse-battery"
SIGNED = {"Authorization": "Bearer of the test", "Accept-Encoding": "identity"}
EXAMPLES = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('api') / 'ledger.sqlite'}")
    fill(Book(ledger.engine)).sum_up()
    queries = Queries(ledger.engine, None, SETTINGS, now_ms=lambda: T0 + 10 * BUCKET)
    yield create_app(queries, SETTINGS, TOKEN).server
    ledger.close()


@pytest.fixture(scope="module")
def schema(server: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", _with_session(server), headers=SIGNED)


def _with_session(server: Flask) -> WSGIApplication:
    """The server for who has a session when they send SIGNED: the test's client keeps no cookies."""
    client = server.test_client()
    client.get(f"/?token={TOKEN}")
    stored = client.get_cookie(server.config["SESSION_COOKIE_NAME"])
    assert stored is not None

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.pop("HTTP_AUTHORIZATION", "") == SIGNED["Authorization"]:
            environ["HTTP_COOKIE"] = f"{stored.key}={stored.value}"
        return server.wsgi_app(environ, start)

    return app


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", [resource.path for resource in RESOURCES])
def test_answers_are_as_the_document_says(schema: Any, path: str, mode: GenerationMode) -> None:
    operation = schema[path]["GET"]
    if mode.is_negative and not document(RESOURCES)["paths"][path]["get"]["parameters"]:
        pytest.skip("nothing can be asked wrongly")

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, headers=SIGNED))
    def ask(case: Any) -> None:
        response = case.call(headers=SIGNED)
        assert response.status_code < 500
        # No schema can say that one time comes before another: such a refusal names no single parameter.
        of_several = response.status_code == 400 and not response.json()["parameters"]
        unchecked = [positive_data_acceptance] if of_several else []
        case.validate_response(response, headers=SIGNED, excluded_checks=unchecked)

    ask()
