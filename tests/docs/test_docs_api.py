"""docs/reference/api.md says what the program does: scopes, statuses, addresses, the shape of refusals."""

from __future__ import annotations

import re
from pathlib import Path

from liuhen.api.docs import document
from liuhen.api.shapes import Refusal
from liuhen.base.tokens.models import Scope

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")


def test_every_scope_is_explained_and_no_other():
    assert re.findall(r"^\| `([a-z]+:[a-z]+)` \|", PAGE, re.MULTILINE) == list(Scope.values)


def test_every_status_that_the_document_declares_is_explained():
    declared = {
        int(code)
        for methods in document()["paths"].values()
        for one in methods.values()
        for code in one["responses"]
        if int(code) >= 400
    }
    told = {int(code) for code in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    assert told == declared | {405}


def test_every_address_named_is_there():
    paths = set(document()["paths"]) | {"/api/v1", "/api/v1/openapi.json", "/api/v1/docs"}
    named = re.findall(r"(/api/v1[^\s`?]*)", PAGE)
    assert named
    assert set(named) <= paths


def test_the_shape_of_a_refusal_is_the_one_described():
    told = re.search(r"One shape, whatever fails: `\{([^}]*)\}`", PAGE)
    assert told
    assert re.findall(r'"(\w+)"', told[1]) == list(Refusal.model_fields)


def test_every_operation_has_a_chinese_name_both_doors_and_every_refusal_in_the_one_shape():
    for path, methods in document()["paths"].items():
        for one in methods.values():
            assert re.search("[一-龥]", one["summary"]), path
            assert one["security"] == [{"BearerToken": []}, {"SignedIn": []}]
            assert {"401", "403", "404", "429", "500"} <= {str(code) for code in one["responses"]}
            for code, told in one["responses"].items():
                if int(code) >= 400:
                    schema = told["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Refusal"}
