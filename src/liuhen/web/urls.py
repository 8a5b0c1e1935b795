"""Addresses of the pages, one block a stage."""

from __future__ import annotations

from django.urls import path, re_path

from . import (
    account,
    accounts,
    contents,
    deputies,
    devices,
    failures,
    ingest,
    receipts,
    recordings,
    recordings_list,
    start,
    stores,
    tus,
    units,
)

urlpatterns = [
    path("", start.home, name="home"),
    path("health/", start.health_page, name="health"),
    path("healthz", start.healthz, name="healthz"),
    # 我的账号
    *account.urlpatterns,
    # 采集
    path("ingest/", ingest.wall, name="ingest"),
    path("ingest/tiles/", ingest.tiles, name="ingest_tiles"),
    path("ingest/waiting/", ingest.waiting, name="ingest_waiting"),
    path("ingest/cards/<str:key>/", ingest.start, name="ingest_start"),
    path("ingest/jobs/<uuid:pk>/cancel/", ingest.cancel, name="ingest_cancel"),
    path("ingest/jobs/<uuid:pk>/again/", ingest.again, name="ingest_again"),
    path("ingest/uploads/", tus.new, name="upload_new"),
    path("ingest/uploads/<uuid:pk>/", tus.state, name="upload"),
    path("ingest/uploads/<uuid:pk>/close/", tus.close, name="upload_close"),
    path("ingest/uploads/<uuid:pk>/drop/", tus.drop, name="upload_drop"),
    path("ingest/uploads/<uuid:pk>/files/", tus.files, name="upload_files"),
    path("ingest/uploads/<uuid:pk>/files/<uuid:file>/", tus.file, name="upload_file"),
    # 移交回执
    path("receipts/", receipts.register, name="receipts"),
    path("receipts/<str:number>/", receipts.one, name="receipt"),
    path("receipts/<str:number>/paper/", receipts.paper, name="receipt_paper"),
    # 设备
    path("devices/", devices.register, name="devices"),
    path("devices/new/", devices.new, name="device_new"),
    path("devices/<int:pk>/", devices.detail, name="device"),
    path("devices/<int:pk>/correct/", devices.correct, name="device_correct"),
    path("devices/<int:pk>/retire/", devices.retire, name="device_retire"),
    # 科室与人员
    path("units/", units.units, name="units"),
    path("units/new/", units.unit_new, name="unit_new"),
    path("units/<int:pk>/rename/", units.unit_rename, name="unit_rename"),
    path("officers/", units.officers, name="officers"),
    path("officers/<int:pk>/", units.officer, name="officer"),
    path("officers/<int:pk>/correct/", units.officer_correct, name="officer_correct"),
    path("officers/<int:pk>/leave/", units.officer_leave, name="officer_leave"),
    # 账号与角色
    path("accounts/", accounts.register, name="accounts"),
    path("accounts/new/", accounts.new, name="account_new"),
    path("accounts/<int:pk>/", accounts.detail, name="account"),
    path("accounts/<int:pk>/propose/", accounts.propose, name="account_propose"),
    path("accounts/<int:pk>/close/", accounts.close, name="account_close"),
    path("accounts/<int:pk>/password/", accounts.give_password, name="account_password"),
    path("accounts/<int:pk>/second-factor/", accounts.drop_second_factor, name="account_second_factor"),
    path("grants/", accounts.grants, name="grants"),
    re_path(
        r"^grants/(?P<pk>[0-9]{1,18})/(?P<decision>confirm|decline|withdraw)/$",
        accounts.decide,
        name="grant_decide",
    ),
    path("sign-in-failures/", failures.register, name="failures"),
    path("deputies/", deputies.register, name="deputies"),
    path("deputies/new/", deputies.new, name="deputy_new"),
    path("deputies/<int:pk>/end/", deputies.end, name="deputy_end"),
    # 音像记录
    path("recordings/", recordings_list.register, name="recordings"),
    path("recordings/<uuid:pk>/content/<slug:kind>/", contents.content, name="content"),
    path("recordings/<uuid:pk>/content/<slug:kind>/<str:name>/", contents.content, name="content_named"),
    path("recordings/<uuid:pk>/download/", contents.download, name="recording_download"),
    path("recordings/<uuid:pk>/export/", contents.export, name="recording_export"),
    path("recordings/<uuid:pk>/snapshot/", recordings.snapshot, name="recording_snapshot"),
    path("recordings/<uuid:pk>/assign/", recordings.assign_owner, name="recording_assign"),
    path("recordings/<uuid:pk>/preparing/<uuid:job>/", recordings.preparing, name="recording_preparing"),
    path("recordings/<str:name>/", recordings.page, name="recording"),
    # 存储
    path("stores/", stores.stores, name="stores"),
    path("card-profiles/", stores.profiles, name="profiles"),
]
