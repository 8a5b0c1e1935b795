"""Witnesses in the browser: an old checkpoint against today's ledger, a signature for another office, theirs for ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from ledger.ledger_sim import grow, published_ledger

from liuhen.base.ledger import proofs, publish
from liuhen.base.ledger.models import Cosignature
from liuhen.core.tlog.checkpoint import verify_cosignatures

pytestmark = pytest.mark.slow

ClientOf = Callable[..., Client]
HOME = "/ledger/witnesses/"


@pytest.fixture
def ours(people: Any) -> Any:
    return published_ledger(people.custodian.agency, 40)


@pytest.fixture
def theirs(people: Any) -> Any:
    return published_ledger(people.stranger.agency, 30)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_an_old_checkpoint_from_paper_shows_that_the_ledger_only_grew(client_of: ClientOf, ours: Any) -> None:
    old = publish.publish(ours)
    grow(ours, 65)
    scanned = "\ufeff" + old.replace("\n", "\r\n") + str(publish.vkeys_of(ours.code)[-1])
    client = client_of("head")
    answer = client.post(f"{HOME}compare/", {"checkpoint": scanned})
    assert answer.status_code == 200
    assert "只增不改" in text(answer)
    assert f"从 {old.splitlines()[1]} 条" in text(answer)
    sent = SimpleUploadedFile("checkpoint", old.encode())
    assert client.post(f"{HOME}compare/", {"checkpoint_file": sent}).status_code == 200


@pytest.mark.parametrize(
    "bad", ["", "不是检查点", "liuhen/x\n5\nAAAA\n\n— liuhen/x AAAA\n", "<script>alert(1)</script>\n\n— a b"]
)
def test_what_is_no_checkpoint_of_ours_is_refused_with_what_to_do(
    client_of: ClientOf, ours: Any, bad: str
) -> None:
    answer = client_of("legal").post(f"{HOME}compare/", {"checkpoint": bad})
    assert answer.status_code == 422
    assert "怎么办" in text(answer)
    assert "<script>alert" not in text(answer)


def test_a_file_that_is_no_text_is_refused(client_of: ClientOf, ours: Any) -> None:
    sent = SimpleUploadedFile("photo.jpg", b"\xff\xd8\xff\xe0")
    answer = client_of("legal").post(f"{HOME}compare/", {"checkpoint_file": sent})
    assert answer.status_code == 422
    assert "不是文本" in text(answer)


def test_another_offices_checkpoint_is_signed_and_the_next_only_with_its_proof(
    client_of: ClientOf, ours: Any, theirs: Any
) -> None:
    client = client_of("auditor")
    note, key = publish.publish(theirs), str(publish.vkeys_of(theirs.code)[-1])
    answer = client.post(f"{HOME}cosign/", {"checkpoint": note, "vkey": key})
    assert answer.status_code == 200
    (_, signed), (_, vkey) = answer.context["answer"]["texts"]
    witness = publish.signing_key(ours.code).as_cosigner().vkey
    assert vkey == f"{witness}\n"
    assert verify_cosignatures(signed, [witness])
    grow(theirs, 50)
    later = publish.publish(theirs)
    without = client.post(f"{HOME}cosign/", {"checkpoint": later, "vkey": key})
    assert (without.status_code, "一致性证明" in text(without)) == (422, True)
    proof = json.dumps(proofs.prove_consistency(theirs, note))
    assert (
        client.post(f"{HOME}cosign/", {"checkpoint": later, "vkey": key, "proof": proof}).status_code == 200
    )
    assert client.post(f"{HOME}cosign/", {"checkpoint": later, "vkey": key, "proof": "[]"}).status_code == 422


def test_a_signature_of_another_office_is_kept_and_shown(client_of: ClientOf, ours: Any, theirs: Any) -> None:
    signer = publish.signing_key(theirs.code).as_cosigner()
    from liuhen.base import clock

    note, key = publish.publish(ours), str(signer.vkey)
    client = client_of("legal")
    bare = client.post(f"{HOME}accept/", {"checkpoint": note, "vkey": key})
    assert (bare.status_code, Cosignature.objects.count()) == (422, 0)
    signed = signer.cosign(note, clock.now())
    assert client.post(f"{HOME}accept/", {"checkpoint": signed, "vkey": key}).status_code == 200
    assert Cosignature.objects.get().agency == ours
    assert signer.vkey.name in text(client.get(HOME))
    assert signer.vkey.name not in text(client_of("stranger").get(HOME))


@pytest.mark.parametrize("name", ["officer", "custodian", "sysadmin", "secadmin"])
def test_only_who_watches_over_the_office_signs_for_it(client_of: ClientOf, ours: Any, name: str) -> None:
    client = client_of(name)
    for page in ("cosign", "accept"):
        assert client.get(f"{HOME}{page}/").status_code == 404
        assert client.post(f"{HOME}{page}/", {"checkpoint": "x", "vkey": "y"}).status_code == 404
    assert client.get(HOME).status_code == (404 if name == "officer" else 200)
