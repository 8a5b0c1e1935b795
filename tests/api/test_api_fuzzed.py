"""schemathesis over the whole document: it never falls over, no undeclared status, answers conform, no token no entry.

507 is not a fall: it is how the door says that the disk has no room for the size announced, with its remedy.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from api_office import fill, token
from django.test import Client

from liuhen.api.docs import document
from liuhen.base.tokens.models import Scope

pytestmark = pytest.mark.slow
ClientOf = Callable[..., Client]
OPERATIONS = [(path, method) for path, methods in document()["paths"].items() for method in methods]
EXAMPLES = 8


def _fill_and_issue(people: SimpleNamespace, folder: Path) -> SimpleNamespace:
    return SimpleNamespace(office=fill(people, folder), secret=token(people, *Scope))


@pytest.fixture
def asked(filled: Callable[..., Any], client_of: ClientOf) -> SimpleNamespace:
    """An office of the test's own, as it was filled once; and the token of a machine that may do everything."""
    asked: SimpleNamespace = filled(_fill_and_issue)
    client_of()
    return asked


@lru_cache(maxsize=1)
def _schema() -> Any:
    """Read once a worker: finding the constants of the program for it takes longer than all that is asked."""
    import schemathesis

    from liuhen.config.wsgi import application

    schema = schemathesis.openapi.from_dict(dict(document()))
    schema.app = application
    return schema


def it_did_not_fall(_context: Any, response: Any, _case: Any) -> None:
    """A refusal for want of room has its code and its remedy; every other answer from 500 up is a fall."""
    if response.status_code == HTTPStatus.INSUFFICIENT_STORAGE:
        assert response.json()["code"] == "no_room"
        assert response.json()["remedy"]
        return
    assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, response.text


@pytest.mark.parametrize("fitting", [True, False], ids=["fitting", "not-fitting"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part)
def test_whatever_is_sent_the_answer_is_one_of_the_documents(
    asked: SimpleNamespace, path: str, method: str, fitting: bool
) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        it_did_not_fall,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    operation = _schema()[path][method]
    headers = {"Authorization": f"Bearer {asked.secret}", "Host": "localhost"}
    known: dict[str, Any] = {
        "name": asked.office.recording.number,
        "serial": "4701A01",
        "number": asked.office.receipt.number,
        "upload": str(asked.office.upload.pk),
        "file": str(asked.office.file.pk),
        "sha256": asked.office.recording.sha256,
    }

    mode = GenerationMode.POSITIVE if fitting else GenerationMode.NEGATIVE

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if fitting:  # things that are there, so that more than the door is tried
            case.path_parameters.update({key: known[key] for key in case.path_parameters if key in known})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case.validate_response(case.call(headers=headers), checks=checks)

    ask()
