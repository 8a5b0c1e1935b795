"""The wall and the tus door: every route as each of the cast and as nobody; what is shown to whom; the protocol."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from the_office import AT

from liuhen.base import clock, site
from liuhen.base.jobs import leases
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import Worker
from liuhen.base.recordings.models import Recording
from liuhen.stages.ingest import docks, jobs, uploads
from liuhen.stages.ingest.models import Batch, UploadFile, UploadSet
from liuhen.web.tus import BODY

ClientOf = Callable[..., Client]
CAST = "officer officer2 custodian head principal legal archivist auditor sysadmin secadmin stranger".split()  # noqa: SIM905
READERS = ("custodian", "head", "principal", "legal", "archivist")
NAME = "张三询问现场.mp4"


@pytest.fixture
def dock(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "dock"
    (folder / "卡甲").mkdir(parents=True)
    (folder / "卡甲" / NAME).write_bytes(b"picture")
    site.save(site.SiteSettings(dock_paths=[str(folder)], previews=False))
    return folder


def _work() -> None:
    Worker(patience=0.01).run(once=True)


def _card(people: Any) -> str:
    return docks.candidates(people.custodian)[0].key


def _taken_in(people: Any, dock: Path) -> Job:
    (dock / "卡甲" / "link").symlink_to("/etc/passwd")
    job = jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now(), device="4701A01")
    _work()
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.sentence
    return job


def _open_set(people: Any, data: bytes = b"0123456789", path: str = NAME) -> UploadFile:
    upload = uploads.open_set(by=people.custodian, at=AT)
    told = uploads.Announced(path, len(data))
    return uploads.add_file(upload, told, by=people.custodian, at=AT)


# -- every route, everybody


def _routes(people: Any, dock: Path) -> list[tuple[str, str, dict[str, Any]]]:
    job = jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now())
    file = _open_set(people)
    upload = f"/ingest/uploads/{file.set_id}/"
    tus = {"Tus-Resumable": "1.0.0"}
    piece = {"headers": {**tus, "Upload-Offset": "0"}, "data": b"01234", "content_type": BODY}
    return [
        ("post", f"/ingest/cards/{_card(people)}/", {}),
        ("post", f"/ingest/jobs/{job.pk}/cancel/", {}),
        ("post", f"/ingest/jobs/{job.pk}/again/", {}),
        ("post", "/ingest/uploads/", {}),
        ("get", upload, {}),
        ("post", f"{upload}close/", {}),
        ("post", f"{upload}drop/", {"data": {"reason": "试"}}),
        (
            "post",
            f"{upload}files/",
            {"headers": {**tus, "Upload-Length": "5", "Upload-Metadata": "path YQ=="}},
        ),
        ("head", f"{upload}files/{file.pk}/", {"headers": tus}),
        ("patch", f"{upload}files/{file.pk}/", piece),
        ("delete", f"{upload}files/{file.pk}/", {"headers": tus}),
    ]


@pytest.mark.parametrize("name", [name for name in CAST if name != "custodian"])
def test_no_act_of_the_wall_is_anybody_elses_and_all_look_like_not_there(
    client_of: ClientOf, people: Any, dock: Path, name: str
) -> None:
    for method, path, more in _routes(people, dock):
        if name == "stranger" and (path == "/ingest/uploads/" or path.startswith("/ingest/cards/")):
            continue  # a custodian, too: a card and a new upload would go to their own office
        response = getattr(client_of(name), method)(path, **more)
        assert response.status_code == 404, (method, path, response.status_code)
    assert Job.objects.get().state == Job.State.QUEUED
    upload = UploadSet.objects.get()
    assert (
        upload.state,
        upload.files.count(),
        uploads.offset_of(upload.files.get(), by=people.custodian, at=AT),
    ) == (
        UploadSet.State.OPEN,
        1,
        0,
    )


def test_nobody_is_sent_to_sign_in_and_nothing_happens(client_of: ClientOf, people: Any, dock: Path) -> None:
    for method, path, more in [
        *_routes(people, dock),
        ("get", "/ingest/", {}),
        ("get", "/ingest/tiles/", {}),
    ]:
        response = getattr(client_of(), method)(path, **more)
        assert response.status_code in (302, 401), (method, path)
    assert Job.objects.get().state == Job.State.QUEUED


@pytest.mark.parametrize("name", CAST)
def test_everybody_may_look_at_the_wall_and_only_a_custodian_is_offered_acts(
    client_of: ClientOf, people: Any, dock: Path, name: str
) -> None:
    _open_set(people)
    jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now())
    page = client_of(name).get("/ingest/").content.decode()
    fragment = client_of(name).get("/ingest/waiting/").content.decode()
    own = name == "custodian"
    assert ("取消" in page) == own
    assert ("选择文件" in page) == (name in ("custodian", "stranger"))
    assert ("卡甲" in fragment) == (name in ("custodian", "stranger")), (
        "a dock is the server's, not an agency's"
    )
    assert ("放弃" in page) == own


@pytest.mark.parametrize("name", CAST)
def test_names_are_shown_to_those_who_see_recordings_and_counts_to_everybody(
    client_of: ClientOf, people: Any, dock: Path, name: str
) -> None:
    _taken_in(people, dock)
    for path in ("/ingest/", "/ingest/tiles/"):
        page = client_of(name).get(path).content.decode()
        if name == "stranger":
            assert "1/1 个文件" not in page
            continue
        assert "1/1 个文件" in page
        assert "1 项没有入库" in page
        assert "林一鸣" in page
        assert ("卡甲" in page) == (name in READERS)
        assert ("符号链接" in page) == (name in READERS)


@pytest.mark.parametrize("method", ["get", "head"])
def test_what_changes_something_cannot_be_opened_like_a_page(
    client_of: ClientOf, people: Any, dock: Path, method: str
) -> None:
    client = client_of("custodian")
    for verb, path, _ in _routes(people, dock):
        if verb == "post":
            assert getattr(client, method)(path).status_code == 405


def test_a_forged_form_is_refused(client_of: ClientOf, people: Any, dock: Path) -> None:
    client = client_of("custodian", enforce_csrf_checks=True)
    for method, path, more in _routes(people, dock):
        if method in ("post", "patch", "delete"):
            assert getattr(client, method)(path, **more).status_code == 403, path
    assert Job.objects.get().state == Job.State.QUEUED


# -- the wall


def test_a_card_is_started_from_the_wall_with_its_clock(client_of: ClientOf, people: Any, dock: Path) -> None:
    client = client_of("custodian")
    data = {"device": "4701A01", "device_clock": "2026-11-20 10：05：00"}
    response = client.post(f"/ingest/cards/{_card(people)}/", data)
    assert (response.status_code, response["Location"]) == (302, "/ingest/")
    job = Job.objects.get()
    assert job.args["device"] == "4701A01"
    assert job.args["device_clock"] == "2026-11-20T02:05:00.000000Z"
    assert job.title == "卡甲"
    assert "排队中" in client.get("/ingest/").content.decode()
    _work()
    assert Batch.objects.get().device.serial == "4701A01"
    page = client.get("/ingest/tiles/").content.decode()
    assert "已完成，可以取卡" in page
    assert f"/receipts/{Batch.objects.get().receipt.number}/" in page


@pytest.mark.parametrize("clock_text", ["昨天", "2026-13-40 99:00", "<script>", "9" * 500])
def test_a_clock_that_is_no_time_starts_nothing_and_says_how_to_write_it(
    client_of: ClientOf, people: Any, dock: Path, clock_text: str
) -> None:
    client = client_of("custodian")
    client.post(f"/ingest/cards/{_card(people)}/", {"device": "", "device_clock": clock_text})
    assert not Job.objects.exists()
    assert "没有开始采集。怎么办" in client.get("/ingest/").content.decode()


def test_an_unknown_device_is_refused_with_a_remedy(client_of: ClientOf, people: Any, dock: Path) -> None:
    response = client_of("custodian").post(f"/ingest/cards/{_card(people)}/", {"device": "NO-SUCH"})
    assert response.status_code == 409
    assert "没有登记" in response.content.decode()
    assert "怎么办" in response.content.decode()


@pytest.mark.parametrize("key", ["0" * 16, "..", "%2e%2e%2fetc", "a" * 5000])
def test_a_guessed_card_is_not_there(client_of: ClientOf, dock: Path, key: str) -> None:
    assert client_of("custodian").post(f"/ingest/cards/{key}/", {}).status_code == 404
    assert not Job.objects.exists()


def test_an_answer_that_has_not_changed_is_a_304(client_of: ClientOf, people: Any, dock: Path) -> None:
    client = client_of("custodian")
    for path in ("/ingest/tiles/", "/ingest/waiting/"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    mark = client.get("/ingest/tiles/")["ETag"]
    jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now())
    assert client.get("/ingest/tiles/", headers={"If-None-Match": mark}).status_code == 200


def test_watching_without_a_hand_on_the_page_keeps_nobody_signed_in(client_of: ClientOf, people: Any) -> None:
    client = client_of("custodian")
    client.get("/ingest/tiles/", headers={"X-Liuhen-Watching": "yes"})
    assert "seen" not in client.session
    client.get("/ingest/tiles/", headers={"X-Liuhen-Watching": "no"})
    assert "seen" in client.session


def test_that_nobody_does_the_work_is_said_after_a_while(
    client_of: ClientOf, people: Any, dock: Path
) -> None:
    jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now())
    client = client_of("custodian")
    assert "似乎没有运行" not in client.get("/ingest/").content.decode()
    Job.objects.update(due_at=AT)
    assert "似乎没有运行" in client.get("/ingest/").content.decode()
    leases.take("w", at=clock.now())
    assert "似乎没有运行" not in client.get("/ingest/").content.decode()


def test_cancelled_and_tried_again(client_of: ClientOf, people: Any, dock: Path) -> None:
    client = client_of("custodian")
    job = jobs.ask_for_card(dock / "卡甲", by=people.custodian, at=clock.now())
    client.post(f"/ingest/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert client.post(f"/ingest/jobs/{job.pk}/cancel/").status_code == 409
    assert "再次采集" in client.get("/ingest/").content.decode()
    client.post(f"/ingest/jobs/{job.pk}/again/")
    assert Job.objects.filter(state=Job.State.QUEUED).count() == 1
    page = client.get("/ingest/").content.decode()
    assert "再次采集" not in page.replace("再次采集会从", ""), (
        "what is going in again is not offered once more"
    )


def test_hostile_names_are_shown_as_text(client_of: ClientOf, people: Any, dock: Path) -> None:
    (dock / "卡甲").rename(dock / '<img src=x onerror="alert(1)">')
    job = jobs.ask_for_card(next(dock.iterdir()), by=people.custodian, at=clock.now())
    for path in ("/ingest/", "/ingest/tiles/", "/ingest/waiting/"):
        assert "<img src=x" not in client_of("custodian").get(path).content.decode()
    assert job.title.startswith("<img")


# -- tus


def _meta(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def _headers(**more: Any) -> dict[str, str]:
    return {"Tus-Resumable": "1.0.0", **{key.replace("_", "-"): str(value) for key, value in more.items()}}


def _patch(client: Client, url: str, offset: int, data: bytes, **more: Any) -> Any:
    return client.patch(url, data=data, content_type=BODY, headers=_headers(Upload_Offset=offset, **more))


def test_a_file_goes_up_in_pieces_and_comes_out_as_a_recording(client_of: ClientOf, people: Any) -> None:
    site.save(site.SiteSettings(previews=False))
    client, data = client_of("custodian"), b"0123456789" * 1000
    upload = client.post("/ingest/uploads/", {"label": "外出一天", "device": "4701A01"}).json()["upload"]
    said = client.get(upload).json()
    assert (said["state"], said["files"], said["label"]) == ("open", [], "外出一天")
    meta = _meta(path=f"录像/{NAME}", modified="1763600000000", sha256=hashlib.sha256(data).hexdigest())
    made = client.post(said["send"], headers=_headers(Upload_Length=len(data), Upload_Metadata=meta))
    assert made.status_code == 201
    url = made["Location"]
    assert client.head(url, headers=_headers())["Upload-Offset"] == "0"
    for offset in range(0, len(data), 3000):
        response = _patch(client, url, offset, data[offset : offset + 3000])
        assert response.status_code == 204
        assert response["Upload-Offset"] == str(min(len(data), offset + 3000))
    assert client.get(upload).json()["files"] == [
        {"path": f"录像/{NAME}", "size": len(data), "offset": len(data), "url": url}
    ]
    assert client.post(said["close"], headers={"Accept": "application/json"}).status_code == 202
    _work()
    row = Recording.objects.get()
    assert (row.card_path, row.bytes, row.device.serial) == (f"录像/{NAME}", len(data), "4701A01")
    assert client.get(upload).status_code == 404, "it has been taken in"


def test_every_answer_names_the_protocol(client_of: ClientOf, people: Any) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    url = f"/ingest/uploads/{file.set_id}/files/{file.pk}/"
    for response in (
        client.options(url),
        client.head(url, headers=_headers()),
        _patch(client, url, 0, b"01"),
        _patch(client, url, 7, b"01"),
        client.head(url),
    ):
        assert response["Tus-Resumable"] == "1.0.0"
    assert client.options(url)["Tus-Extension"] == "creation,termination"
    assert client.head(url).status_code == 412, "without the protocol's version"
    head = client.head(url, headers=_headers())
    assert (head["Upload-Length"], head["Upload-Offset"], head["Cache-Control"]) == ("10", "2", "no-store")


def test_a_wrong_offset_is_a_409_that_names_the_right_one(client_of: ClientOf, people: Any) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    url = f"/ingest/uploads/{file.set_id}/files/{file.pk}/"
    assert _patch(client, url, 0, b"0123").status_code == 204
    response = _patch(client, url, 2, b"xx")
    assert (response.status_code, response["Upload-Offset"]) == (409, "4")
    assert response.json()["code"] == "wrong_offset"
    assert "接着传" in response.json()["remedy"]


def test_a_body_of_another_type_and_numbers_that_are_none_are_refused(
    client_of: ClientOf, people: Any
) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    url = f"/ingest/uploads/{file.set_id}/files/{file.pk}/"
    files = f"/ingest/uploads/{file.set_id}/files/"
    bad = client.patch(url, data=b"x", content_type="text/plain", headers=_headers(Upload_Offset=0))
    assert bad.status_code == 415
    for number in ("", "-1", "1e3", "٣", "9" * 40, "0x10"):
        refused = client.patch(url, data=b"x", content_type=BODY, headers=_headers(Upload_Offset=number))
        assert refused.status_code == 400
        made = client.post(files, headers=_headers(Upload_Length=number, Upload_Metadata=_meta(path="a")))
        assert made.status_code == 400
    for said in ("path !!!", "path " + base64.b64encode(b"\xff").decode(), "", "other YQ=="):
        assert client.post(files, headers=_headers(Upload_Length=1, Upload_Metadata=said)).status_code == 400
    assert UploadFile.objects.count() == 1


def test_what_does_not_fit_a_twin_and_an_ended_set_have_statuses_that_are_not_tried_again(
    client_of: ClientOf, people: Any, monkeypatch: Any
) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    files = f"/ingest/uploads/{file.set_id}/files/"
    big = client.post(files, headers=_headers(Upload_Length=10**17, Upload_Metadata=_meta(path="b")))
    assert (big.status_code, big.json()["code"]) == (413, "no_room")
    twin = client.post(files, headers=_headers(Upload_Length=11, Upload_Metadata=_meta(path=NAME)))
    assert (twin.status_code, twin.json()["code"]) == (422, "upload_twin")
    same = client.post(files, headers=_headers(Upload_Length=10, Upload_Metadata=_meta(path=NAME)))
    assert (same.status_code, same["Location"]) == (201, f"{files}{file.pk}/")
    assert client.post(f"/ingest/uploads/{file.set_id}/close/").status_code == 409, "not everything has come"
    _patch(client, f"{files}{file.pk}/", 0, b"0123456789")
    client.post(f"/ingest/uploads/{file.set_id}/close/")
    late = client.post(files, headers=_headers(Upload_Length=1, Upload_Metadata=_meta(path="late")))
    assert (late.status_code, late.json()["code"]) == (410, "upload_closed")


def test_leaving_out_and_dropping(client_of: ClientOf, people: Any, home: Path) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    upload = f"/ingest/uploads/{file.set_id}/"
    assert client.delete(f"{upload}files/{file.pk}/", headers=_headers()).status_code == 204
    assert not UploadFile.objects.exists()
    assert client.post(f"{upload}drop/", {"reason": ""}).status_code == 409
    assert UploadSet.objects.get().state == UploadSet.State.OPEN
    assert client.post(f"{upload}drop/", {"reason": "选错了"}).status_code == 302
    assert UploadSet.objects.get().state == UploadSet.State.DROPPED


def test_the_server_reads_no_further_than_was_announced(client_of: ClientOf, people: Any) -> None:
    client = client_of("custodian")
    file = _open_set(people)
    url = f"/ingest/uploads/{file.set_id}/files/{file.pk}/"
    response = _patch(client, url, 0, b"0123456789" + b"x" * 5_000_000)
    assert (response.status_code, response["Upload-Offset"]) == (204, "10")


def test_another_custodian_of_the_office_cannot_send_to_the_set_and_sees_it_on_the_wall(
    client_of: ClientOf, people: Any
) -> None:
    from liuhen.base.people import services
    from liuhen.base.people.models import Account, Role

    account = services.open_account(
        people.custodian.unit, services.Person("custodian2", "李接班"), by=people.sysadmin, at=AT
    )
    grant = services.propose_role(account, Role.CUSTODIAN, by=people.sysadmin, at=AT)
    services.confirm_role(grant, by=people.secadmin, at=AT)
    assert Account.objects.get(username="custodian2")
    file = _open_set(people)
    client = client_of("custodian2")
    assert _patch(client, f"/ingest/uploads/{file.set_id}/files/{file.pk}/", 0, b"0").status_code == 404
    page = client.get("/ingest/").content.decode()
    assert "王晓兰在另一处上传" in page
    assert "继续上传" not in page.replace("点“继续上传”", "")


@pytest.mark.parametrize(
    "path", ["/ingest/jobs/{}/cancel/", "/ingest/uploads/{}/close/", "/ingest/uploads/{}/drop/"]
)
def test_a_guessed_id_is_not_there(client_of: ClientOf, path: str) -> None:
    assert client_of("custodian").post(path.format(uuid.uuid4()), {"reason": "x"}).status_code == 404
