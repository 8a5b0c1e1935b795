"""argparse in Chinese: its own sentences, looked up where it asks gettext for them."""

from __future__ import annotations

import argparse
from typing import Any

WORDS = {
    "usage: ": "用法：",
    "positional arguments": "参数",
    "options": "选项",
    "show this help message and exit": "显示用法",
    "show program's version number and exit": "显示版本",
    "%(prog)s: error: %(message)s\n": "%(message)s。怎么办：运行 %(prog)s --help 查看用法。\n",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s：%(message)s",
    "the following arguments are required: %s": "缺少参数：%s",
    "one of the arguments %s is required": "以下参数须有其一：%s",
    "unrecognized arguments: %s": "不认识的参数：%s",
    "ambiguous option: %(option)s could match %(matches)s": "选项 %(option)s 不明确，可能是 %(matches)s",
    "not allowed with argument %s": "不能与 %s 同用",
    "ignored explicit argument %r": "多余的值 %r",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有 %(value)s；可用：%(choices)s",
    "invalid %(type)s value: %(value)r": "值 %(value)r 不正确",
    "expected one argument": "后面要有一个值",
    "expected at most one argument": "后面至多一个值",
    "expected at least one argument": "后面至少要有一个值",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "没有命令 %(parser_name)s；可用：%(choices)s",
}


def _look_up(sentence: str) -> str:
    return WORDS.get(sentence, sentence)


def speak_chinese() -> None:
    """Put our words where argparse looks its own up; a sentence we do not know stays as it is."""
    module: Any = argparse
    module._ = _look_up
    module.ngettext = lambda one, many, count: _look_up(one if count == 1 else many)
