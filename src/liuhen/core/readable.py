"""JSON for a person who opens the file in thirty years: indented, UTF-8, a newline at the end.

What `json.dumps` with an indent writes, many times quicker: a card of photographs has three such files for each.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def readable(value: Any, *, indent: int = 2, sort_keys: bool = False) -> bytes:
    """`value` of objects, arrays, strings, numbers, booleans and null; a float that is no number becomes null.

    Raises ValueError or TypeError for anything else, lone surrogates included.
    """
    try:
        raw = orjson.dumps(value, option=orjson.OPT_INDENT_2 | (orjson.OPT_SORT_KEYS if sort_keys else 0))
    except orjson.JSONEncodeError:  # as for whole numbers beyond 64 bits
        return json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sort_keys).encode() + b"\n"
    return _indented(raw, indent) + b"\n"


def _indented(raw: bytes, indent: int) -> bytes:
    """By `indent` spaces a level instead of two. No line begins within a string, so its spaces are its depth."""
    if indent == 2:
        return raw
    lines = [(line, line.lstrip(b" ")) for line in raw.split(b"\n")]
    return b"\n".join(b" " * ((len(line) - len(bare)) // 2 * indent) + bare for line, bare in lines)
