"""见证: an old checkpoint against today's ledger, our signature for another office, theirs kept for ours.

- Every check is `base.ledger`'s; here are the forms and the sentences around them.
- What is pasted or sent is text of strangers: read without trust, kept only when a signature says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.basis import OWN_RULE
from liuhen.base.ledger import proofs, publish, received, witness
from liuhen.base.ledger.selectors import MAY_WITNESS, READ_LEDGER, cosignatures_of
from liuhen.base.people.models import Account
from liuhen.core.errors import LiuhenError, UsageError
from liuhen.core.tlog.notes import Vkey, fingerprint

from .acting import only
from .people_in import could, person_in

_LARGEST = 2_000_000  # bytes of a checkpoint or a proof; real ones are a few thousand
_LINES = forms.Textarea({"rows": 5, "class": "mono", "spellcheck": "false"})


class _Papers(forms.Form):
    """Text that is pasted, or a file that holds it."""

    def text_of(self, name: str) -> str:
        sent: UploadedFile[Any] | None = self.cleaned_data.get(f"{name}_file")
        if sent is None:
            return str(self.cleaned_data.get(name) or "")
        if sent.size is None or sent.size > _LARGEST:
            raise UsageError(f"文件 {sent.name} 太大。", remedy="检查点和证明只有几千字节，请核对选的文件。")
        try:
            return str(sent.read(), "utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"文件 {sent.name} 不是文本。", remedy="请选择检查点或证明的原文件。") from error


def _pasted(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, strip=False, max_length=_LARGEST, widget=_LINES, help_text=help_text
    )


def _sent(label: str) -> forms.FileField:
    return forms.FileField(label=label, required=False)


class CompareForm(_Papers):
    checkpoint = _pasted("旧检查点", "从纸质登记簿扫码，或从回执、U 盘上的文件粘贴，首行是账本名称。")
    checkpoint_file = _sent("或选择旧检查点文件")


class CosignForm(_Papers):
    checkpoint = _pasted("对方的检查点")
    checkpoint_file = _sent("或选择检查点文件")
    vkey = forms.CharField(
        label="对方的公钥", max_length=2000, widget=forms.Textarea({"rows": 2, "class": "mono"})
    )
    proof = _pasted("一致性证明", "第二次见证起必需，由对方用上次见证的检查点生成。")
    proof_file = _sent("或选择一致性证明文件")


class AcceptForm(_Papers):
    checkpoint = _pasted("带见证签名的检查点")
    checkpoint_file = _sent("或选择检查点文件")
    vkey = forms.CharField(
        label="见证单位的见证公钥", max_length=2000, widget=forms.Textarea({"rows": 2, "class": "mono"})
    )


@dataclass(frozen=True)
class Paper:
    """One page of the three: what it asks, what it answers."""

    title: str
    intro: str
    submit: str
    form: type[_Papers]
    answer: Callable[[_Papers, Account], dict[str, Any]]


def _compare(form: _Papers, person: Account) -> dict[str, Any]:
    found = proofs.prove_consistency(person.agency, received.checkpoint_in(form.text_of("checkpoint")))
    return {
        "said": f"证明成立：账本从 {found['old']['size']} 条增长到 {found['new']['size']} 条，其间只增不改。",
        "facts": (("旧检查点的根", found["old"]["root"]), ("现在的根", found["new"]["root"])),
    }


def _cosign(form: _Papers, person: Account) -> dict[str, Any]:
    key, proof = received.key_in(form.cleaned_data["vkey"]), form.text_of("proof")
    note = received.checkpoint_in(form.text_of("checkpoint"))
    told = received.proof_in(proof) if proof.strip() else None
    signed = witness.witness(person.agency, note, key, told, at=clock.now())
    ours = publish.signing_key(person.agency.code).as_cosigner().vkey
    return {
        "said": f"已见证 {key.name} 的检查点。请把下面两段文字一并交给对方，由对方收存。",
        "texts": (("带见证签名的检查点", signed), ("本单位的见证公钥", f"{ours}\n")),
    }


def _accept(form: _Papers, person: Account) -> dict[str, Any]:
    key = received.key_in(form.cleaned_data["vkey"])
    note = received.checkpoint_in(form.text_of("checkpoint"))
    kept = witness.accept(person.agency, note, key, at=clock.now())
    return {"said": f"已收存 {key.name} 对本单位前 {kept.size} 条检查点的见证签名。"}


COMPARE = Paper(
    "与旧检查点比对",
    "拿纸质登记簿或回执上的旧检查点，证明账本从那时起只增未改",
    "比对",
    CompareForm,
    _compare,
)
COSIGN = Paper(
    "为外单位见证",
    "核对对方账本只增未改之后，以本单位密钥签名；首次见证记住对方，以后每次都从上次接着核对",
    "核对并签名",
    CosignForm,
    _cosign,
)
ACCEPT = Paper(
    "收存见证",
    "外单位为本单位检查点签的名，核对后收存，日后与账本一并出示",
    "核对并收存",
    AcceptForm,
    _accept,
)


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    only(request, READ_LEDGER)
    return _paper(request, COMPARE)


@require_http_methods(["GET", "HEAD", "POST"])
def cosign(request: HttpRequest) -> HttpResponse:
    only(request, MAY_WITNESS)
    return _paper(request, COSIGN)


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    only(request, MAY_WITNESS)
    return _paper(request, ACCEPT)


@require_safe
def witnesses(request: HttpRequest) -> HttpResponse:
    """What is kept, and the doors to the three papers."""
    only(request, READ_LEDGER)
    person = person_in(request)
    kept = [
        {"row": row, "name": Vkey.parse(row.witness).name, "fingerprint": fingerprint(row.witness)}
        for row in cosignatures_of(person, clock.now())[:200]
    ]
    return render(
        request,
        "ledger/witnesses.html",
        {
            "kept": kept,
            "may_witness": could(request, MAY_WITNESS),
            "basis": OWN_RULE.cite(person.agency.pack),
        },
    )


def _paper(request: HttpRequest, paper: Paper) -> HttpResponse:
    posted = request.method == "POST"
    form = paper.form(request.POST, request.FILES) if posted else paper.form()
    answer: dict[str, Any] | None = None
    trouble: LiuhenError | None = None
    if posted and form.is_valid():
        try:
            answer = paper.answer(form, person_in(request))
        except LiuhenError as error:  # a bad signature is an answer too, and belongs beside the form
            trouble = error
    status = 422 if posted and answer is None else 200
    context = {"paper": paper, "form": form, "answer": answer, "trouble": trouble}
    return render(request, "ledger/witnessing.html", context, status=status)
