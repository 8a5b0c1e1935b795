"""What a password must be, in sentences; and one that a person can copy from paper.

- Ten characters at least, not one of the twenty thousand everybody guesses first, not the person's own name.
"""

from __future__ import annotations

import secrets
from difflib import SequenceMatcher
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError

from liuhen.core.errors import UsageError

from .models import Account

LEAST = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like another
_TOO_LIKE = 0.7


class LongEnough:
    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < LEAST:
            raise ValidationError(
                f"密码至少要 {LEAST} 个字符，现在只有 {len(password)} 个。", code="too_short"
            )

    def get_help_text(self) -> str:
        return f"至少 {LEAST} 个字符。"


class NotCommon(CommonPasswordValidator):
    def validate(self, password: str, user: Any = None) -> None:
        bare = password.lower().strip()
        if bare in self.passwords or len(set(bare)) < 4 or bare.isdecimal():
            raise ValidationError("这个密码太常见或太简单，容易被猜中。", code="too_common")

    def get_help_text(self) -> str:
        return "不能是常见密码，不能全是数字。"


class NotTheName:
    def validate(self, password: str, user: Any = None) -> None:
        for own in (getattr(user, "username", ""), getattr(user, "name", "")):
            if own and _alike(password.lower(), own.lower()):
                raise ValidationError("密码不能与账号或姓名相同或相近。", code="like_the_name")

    def get_help_text(self) -> str:
        return "不能与账号或姓名相近。"


def _alike(password: str, own: str) -> bool:
    return SequenceMatcher(a=password, b=own).quick_ratio() >= _TOO_LIKE or (len(own) > 3 and own in password)


def check(password: str, account: Account) -> None:
    """Raises UsageError with every sentence that applies."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise UsageError(
            "".join(error.messages),
            remedy=f"请另想一个：{LEAST} 个字符以上，字母、数字、符号混用；几个不相干的词连起来最好记。",
            code="weak_password",
        ) from error


def has_one(account: Account) -> bool:
    """Can this account sign in with a password? The first accounts of an old home have an empty one."""
    return bool(account.password) and account.has_usable_password()


def generate() -> str:
    """A random one in four groups; about 92 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
