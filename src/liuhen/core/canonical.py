"""Canonical JSON for what is hashed: one value, one spelling.

- Only objects, arrays, strings, integers, booleans and null; a float has no single spelling and is refused.
- Keys are sorted; within the Basic Multilingual Plane this is RFC 8785, so keys outside it are refused.
"""

from __future__ import annotations

from typing import Any

import orjson

ENTRY_LIMIT = 65_535


_PLAIN = (str, bool, int)
_LEAVES = frozenset({*_PLAIN, type(None)})  # most of what there is: passed without a call for each
_LAST_KEY = "\uffff"


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
    if value is None or isinstance(value, _PLAIN):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not (key.isascii() or max(key) <= _LAST_KEY):
                raise CanonicalError("keys are strings within the Basic Multilingual Plane")
            if type(item) not in _LEAVES:
                _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) not in _LEAVES:
                _check(item)
    else:
        raise CanonicalError(f"{type(value).__name__} has no canonical spelling")
