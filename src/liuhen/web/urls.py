"""Addresses of the pages, one block a stage."""

from __future__ import annotations

from django.urls import path

from . import account, devices, start

urlpatterns = [
    path("", start.home, name="home"),
    path("health/", start.health_page, name="health"),
    path("healthz", start.healthz, name="healthz"),
    # 账号
    *account.urlpatterns,
    # 设备
    path("devices/", devices.register, name="devices"),
]
