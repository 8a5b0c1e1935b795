"""docs/reference/pack.schema.json is what the program reads; `LIUHEN_WRITE=1` writes it anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

from liuhen.core.rules.pack import Pack

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "pack.schema.json"


def test_the_published_schema_is_the_programs() -> None:
    schema = json.dumps(Pack.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("LIUHEN_WRITE"):
        DOCUMENT.write_text(schema, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == schema
