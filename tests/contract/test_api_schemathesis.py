"""The API keeps what its document promises: requests made from the document, good and bad, to the real server."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
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
from maxwatt.domain.clock import now_ms

EXAMPLES = 15
PATHS = [resource.path for resource in RESOURCES]
ASKED = [path for path, item in document(RESOURCES)["paths"].items() if item["get"]["parameters"]]


@dataclass(frozen=True, slots=True)
class Api:
    """The schema that the server gave, and the headers of who asks."""

    schema: Any
    admin: dict[str, str]
    alice: dict[str, str]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('api') / 'ledger.sqlite'}")
    fill(Book(ledger.engine)).sum_up()
    queries = Queries(ledger.engine, None, SETTINGS, now_ms=lambda: T0 + 10 * BUCKET)
    server = create_app(queries, SETTINGS, "correct-horse-battery", ledger.identities).server
    admin, alice = (
        {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        for token in (
            ledger.identities.add_token("root", "test", 1, now_ms(), sees_all=True),
            ledger.identities.add_token("alice", "test", 1, now_ms()),
        )
    )
    yield Api(schemathesis.openapi.from_wsgi("/api/v1/openapi.json", server, headers=admin), admin, alice)
    ledger.close()


def ask(api: Api, path: str, mode: GenerationMode, headers: dict[str, str]) -> set[int]:
    """Ask for a path in many ways; the statuses of the answers."""
    found: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api.schema[path]["GET"].as_strategy(generation_mode=mode, headers=headers))
    def one(case: Any) -> None:
        response = case.call(headers=headers)
        found.add(response.status_code)
        # No schema can say that one time comes before another: such a refusal names no single parameter.
        of_several = response.status_code == 400 and not response.json()["parameters"]
        unchecked = [positive_data_acceptance] if of_several else []
        case.validate_response(response, headers=headers, excluded_checks=unchecked)

    one()
    return found


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_as_the_document_says(api: Api, path: str) -> None:
    assert ask(api, path, GenerationMode.POSITIVE, api.admin) <= {200, 400, 404}


@pytest.mark.parametrize("path", ASKED)
def test_what_the_document_forbids_is_refused(api: Api, path: str) -> None:
    """Whether a forbidden value is still one in an address (an empty list is not) schemathesis decides."""
    found = ask(api, path, GenerationMode.NEGATIVE, api.admin)
    assert found & {400, 404}
    assert found <= {200, 400, 404}


@pytest.mark.parametrize("path", PATHS)
def test_answers_to_a_user_are_so_too(api: Api, path: str) -> None:
    for_all = next(resource for resource in RESOURCES if resource.path == path).for_all
    found = ask(api, path, GenerationMode.POSITIVE, api.alice)
    assert found <= ({400, 403} if for_all else {200, 400, 404})
