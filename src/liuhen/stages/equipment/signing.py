"""The officer's side of an issue: a signature drawn on the screen, or the password that a door has just verified.

- A drawing is kept like the scan of a signed paper; the ledger holds its digest.
- An empty drawing is none, and the same drawing twice is a copy: both are refused.
"""

from __future__ import annotations

import io
import tempfile
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image

from liuhen.base.basis import OWN_RULE
from liuhen.base.people.models import Account, Agency, Officer, Paper
from liuhen.base.people.services import keep_paper
from liuhen.core.digests import digests_of
from liuhen.core.errors import RefusedError, UsageError

from .models import Signed

MOST_BYTES = 300_000
_MOST_SIDE = 3000
_LEAST_INK = 60  # pixels darker than the paper; a dot is no signature
_DARK = 160


class UnsignedError(RefusedError):
    code = "unsigned"


@dataclass(frozen=True)
class Drawn:
    """PNG of a signature drawn with finger, pen or mouse."""

    png: bytes


@dataclass(frozen=True)
class Proved:
    """Whoever uses this account has given its password a moment ago; the door has verified and counted it."""

    account: Account


Signature = Drawn | Proved


def unsigned(agency: Agency) -> UnsignedError:
    return UnsignedError(
        "领用人没有签名，没有办理。",
        remedy="请领用人本人在签名框内手写签名，或输入本人的登录密码。",
        basis=OWN_RULE.cite(agency.pack),
    )


def keep_signature(
    signature: Signature | None, officer: Officer, *, by: Account, at: datetime
) -> tuple[Signed, Paper | None]:
    """How the officer signed, and the drawing where there is one. Raises UnsignedError, UsageError."""
    if signature is None:
        raise unsigned(officer.agency)
    two_people(officer, by)
    if isinstance(signature, Proved):
        if signature.account.officer_id != officer.pk or not signature.account.is_active:
            raise unsigned(officer.agency)
        return Signed.PASSWORD, None
    return Signed.DRAWN, _kept(signature.png, by=by, at=at)


def two_people(officer: Officer, by: Account) -> None:
    if by.officer_id is not None and by.officer_id == officer.pk:
        raise RefusedError(
            "发放人和领用人不能是同一个人。",
            remedy="请另一位科室管理员（或其代理人）发放、收回。",
            basis=OWN_RULE.cite(officer.agency.pack),
            code="both_sides_the_same",
        )


def _kept(png: bytes, *, by: Account, at: datetime) -> Paper:
    _look_at(png)
    if Paper.objects.filter(agency=by.agency, sha256=digests_of(png).sha256).exists():
        raise UsageError(
            "这个签名与此前的某个签名一点不差，不是现签的。",
            remedy="请本人重新签名。",
            code="signature_again",
        )
    with tempfile.TemporaryDirectory(prefix="liuhen-signature-") as folder:
        place = Path(folder) / "签名.png"
        place.write_bytes(png)
        return keep_paper(place, by=by, at=at)


def _look_at(png: bytes) -> None:
    """Raises UsageError for what is no drawing, is far too large, or is empty."""
    if len(png) > MOST_BYTES:
        raise _no_drawing("签名图片过大。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
                if max(picture.size) > _MOST_SIDE:
                    raise _no_drawing("签名图片过大。")
                paper = Image.new("RGBA", picture.size, "white")
                paper.alpha_composite(picture.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Warning) as error:
        raise _no_drawing("签名图片读不出。") from error
    if sum(paper.convert("L").histogram()[:_DARK]) < _LEAST_INK:
        raise _no_drawing("签名框是空的。")


def _no_drawing(what: str) -> UsageError:
    return UsageError(what, remedy="请领用人本人在签名框内手写签名后再提交。", code="bad_signature")
