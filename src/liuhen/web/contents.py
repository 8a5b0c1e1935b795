"""Addresses of bytes: who may have them is asked of base.storage.serving, how they travel is ranges.py."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.base.recordings.visits import open_download
from liuhen.base.storage.export_zip import export_archive
from liuhen.base.storage.serving import Kind, Wanted, not_there, serve
from liuhen.base.storage.stores import open_stores
from liuhen.doors import ranges

from . import again
from .people_in import person_in


@require_safe
def content(request: HttpRequest, pk: uuid.UUID, kind: str, name: str = "") -> HttpResponseBase:
    """One kind of bytes of one recording; `?visit=` where the kind is part of a visit."""
    known = {one.value: one for one in Kind}
    if kind not in known:
        raise not_there()
    wanted = Wanted(known[kind], pk, request.GET.get("visit", ""), name)
    served = serve(wanted, by=person_in(request), session=session_of(request), at=clock.now())
    cache = ranges.ASK_AGAIN if wanted.kind == Kind.THUMBNAIL else ranges.NEVER
    again.note(request, served, cache)
    return ranges.answer(request, served, cache=cache)


def content_address(pk: uuid.UUID, kind: Kind, *, visit: str = "", name: str = "") -> str:
    place = {"pk": pk, "kind": kind.value, **({"name": name} if name else {})}
    address = reverse("content_named" if name else "content", kwargs=place)
    return f"{address}?{urlencode({'visit': visit})}" if visit else address


@require_POST
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """An entry of the ledger, then the original as a file; a download that breaks off is resumed without another."""
    visit = open_download(
        seen(request, pk), by=person_in(request), session=session_of(request), at=clock.now()
    )
    return redirect(content_address(pk, Kind.DOWNLOAD, visit=visit.token))


@require_POST
def export(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    archive = export_archive(seen(request, pk), open_stores(), by=person_in(request), at=clock.now())
    response = StreamingHttpResponse(archive.pieces, content_type="application/zip")
    response["Content-Length"] = str(archive.size)
    response["Content-Disposition"] = content_disposition_header(True, archive.name) or "attachment"
    response["Cache-Control"] = ranges.NEVER
    return response


def seen(request: HttpRequest, pk: uuid.UUID) -> Recording:
    """The recording, if this person may know of it. Raises NotFoundError."""
    row = visible_to(person_in(request), clock.now()).filter(pk=pk).first()
    if row is None:
        raise not_there()
    return row


def session_of(request: HttpRequest) -> str:
    return request.session.session_key or ""
