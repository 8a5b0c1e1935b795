"""What granian (or any WSGI server) runs."""

from __future__ import annotations

import os

from django.core.handlers.wsgi import WSGIHandler


def _application() -> WSGIHandler:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liuhen.config.settings")
    os.umask(0o077)  # what a page writes is the office's alone
    from django.core.wsgi import get_wsgi_application

    from liuhen.base import collector
    from liuhen.base.logs import log_to_file

    application = get_wsgi_application()
    collector.settle()
    log_to_file()
    return application


application = _application()
