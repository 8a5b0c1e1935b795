"""The engineer's log: JSON lines under LIUHEN_HOME/logs; one that cannot be written stops nobody."""

from __future__ import annotations

import logging

import structlog

from . import home


def log_to_file() -> None:
    """Send everything that logs to the file; safe to call again."""
    handlers: list[logging.Handler] = []
    try:
        folder = home.home() / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(folder / "liuhen.log", encoding="utf-8"))
    except OSError:
        handlers.append(logging.NullHandler())
    logging.basicConfig(level=logging.INFO, handlers=handlers, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
