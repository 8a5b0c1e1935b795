"""Every address; each door names its own."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("api/v1/", include("liuhen.api.urls")), path("", include("liuhen.web.urls"))]

handler400 = "liuhen.web.problems.bad_request"
handler403 = "liuhen.web.problems.forbidden"
handler404 = "liuhen.web.problems.not_found"
handler500 = "liuhen.web.problems.server_error"
