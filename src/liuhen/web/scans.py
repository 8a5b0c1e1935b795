"""Scans and files of papers, in and out: a field that takes one, and bytes that are only ever saved, never shown.

- What is kept is judged by base.people.papers; the form says no more than how large it may be.
- Out: as an attachment, of no type a browser would open, `nosniff`, without scripts, kept by no cache.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from liuhen.base import clock
from liuhen.base.acts import Act
from liuhen.base.people.acts import KEEP_SCAN
from liuhen.base.people.models import Account, Paper
from liuhen.base.people.papers import (
    KINDS_IN_WORDS,
    LIMIT,
    OFFERED,
    keep_scan,
    plain_name,
    read_paper,
    too_large,
)


def scan_field(label: str, *, required: bool = True) -> forms.FileField:
    return forms.FileField(
        label=label,
        required=required,
        allow_empty_file=True,  # the service says it in our words
        max_length=200,
        widget=forms.FileInput({"accept": OFFERED}),
        help_text=f"{KINDS_IN_WORDS}，不超过 30 MB。",
    )


def kept(sent: UploadedFile[Any] | None, *, by: Account, act: Act = KEEP_SCAN) -> Paper | None:
    """Keep what was sent, if anything was. Raises ScanError."""
    if sent is None:
        return None
    if (sent.size or 0) > LIMIT:
        raise too_large()  # before it is read into memory
    return keep_scan(sent.name or "", sent.read(), by=by, at=clock.now(), act=act)


def as_file(paper: Paper, name: str = "") -> HttpResponse:
    """The bytes to save under `name`, or under the name they came with. Raises PaperGoneError."""
    response = HttpResponse(read_paper(paper), content_type="application/octet-stream")
    response["Content-Disposition"] = (
        content_disposition_header(True, plain_name(name or paper.name)) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response
