"""Canonical JSON for what is hashed: one value, one spelling.

- Only objects, arrays, strings, integers, booleans and null; a float has no single spelling and is refused.
- Keys are sorted; within the Basic Multilingual Plane this is RFC 8785, so keys outside it are refused.
"""

from __future__ import annotations

from typing import Any

import orjson

ENTRY_LIMIT = 65_535


class CanonicalError(ValueError):
    """A value that has no single spelling."""


def canonical(value: Any) -> bytes:
    """UTF-8 JSON bytes of `value`. Raises CanonicalError for floats, other types and keys outside the BMP."""
    _check(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise CanonicalError(str(error)) from error


def _check(value: Any) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, list | tuple):
        for item in value:
            _check(item)
        return
    if not isinstance(value, dict):
        raise CanonicalError(f"{type(value).__name__} has no canonical spelling")
    for key, item in value.items():
        if not isinstance(key, str) or any(ord(char) > 0xFFFF for char in key):
            raise CanonicalError("keys are strings within the Basic Multilingual Plane")
        _check(item)
