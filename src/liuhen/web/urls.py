"""Addresses of the pages, one block a stage."""

from __future__ import annotations

from django.urls import path

from . import account, devices, ingest, receipts, start, tus

urlpatterns = [
    path("", start.home, name="home"),
    path("health/", start.health_page, name="health"),
    path("healthz", start.healthz, name="healthz"),
    # 账号
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
]
