"""Addresses under /api/v1/."""

from __future__ import annotations

from django.urls import path

from . import docs
from .wire import guarded

app_name = "api"
urlpatterns = [
    path("openapi.json", docs.openapi, name="openapi"),
    path("docs", docs.page, name="docs"),
    *guarded(docs.api.urls[0]),
]
