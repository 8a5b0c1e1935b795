"""What a command says: one JSON document on standard output with --json, sentences on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

DONE, REFUSED, USAGE = 0, 1, 2


def emit_json(document: Any) -> None:
    """The one document of a --json command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """A sentence for the person, beside the result."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def show(text: str) -> None:
    """The result itself, for a person."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
