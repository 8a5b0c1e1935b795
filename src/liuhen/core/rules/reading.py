"""Reading a pack from a folder: every fault at once, each with file, line, field and what to do.

- `pack.yaml` is YAML 1.2; `examples.yaml` beside it is run by `examples.run`.
- Beyond the shape: an article that is cited stands in `articles`; one slot has one rule; a role that acts is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .errors import Fault, PackError
from .pack import Pack

LARGEST = 1 << 20  # bytes; the shipped packs are a fiftieth of it


def read_pack(folder: Path) -> Pack:
    """Raises PackError with everything that is wrong; nothing of a faulty pack is used."""
    path = folder / "pack.yaml"
    said = read_yaml(path)
    try:
        pack = Pack.model_validate(_plain(said))
    except ValidationError as error:
        faults = [_shape(path, said, one) for one in error.errors()]
        raise PackError(f"{path.name} 不能使用", faults) from error
    faults = list(_meaning(path, said, pack))
    if faults:
        raise PackError(f"{path.name} 不能使用", faults)
    return pack


def read_yaml(path: Path) -> Any:
    """The file with the places of its lines. Raises PackError."""
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise _unreadable(path, 1, f"文件超过 {LARGEST >> 20} MiB。", "too_large")
        return YAML(typ="rt", pure=True).load(data.decode("utf-8-sig"))
    except OSError as error:
        raise _unreadable(path, 1, "没有这个文件，或读不出。", "unreadable") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, 1, "不是 UTF-8 文本。", "unreadable") from error
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError(
            f"{path.name} 不能使用",
            [Fault(f"{path.name}:{line}", "同一个字段写了两次。", "请只留一个。", "written_twice")],
        ) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(
            path, line, "不是有效的 YAML（这一行附近的缩进、引号、冒号或括号不对）。", "not_yaml"
        ) from error
    except YAMLError as error:
        raise _unreadable(path, 1, "不是有效的 YAML。", "not_yaml") from error


def _unreadable(path: Path, line: int, message: str, code: str) -> PackError:
    remedy = "请核对路径；文件应为 UTF-8 编码的 YAML，可用 liuhen rules new 生成一份对照。"
    return PackError(f"{path.name} 不能使用", [Fault(f"{path.name}:{line}", message, remedy, code)])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


# -- the shape


def place_of(path: Path, said: Any, loc: Sequence[str | int]) -> str:
    """`pack.yaml:12 clocks.0.within`: the line of the deepest part that is there."""
    line = 1
    at: Any = said
    for part in loc:
        try:
            where = at.lc.item(part) if isinstance(part, int) else at.lc.key(part)
            line = where[0] + 1
            at = at[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return f"{path.name}:{line} {'.'.join(str(part) for part in loc)}".strip()


def _shape(path: Path, said: Any, error: Any) -> Fault:
    place, kind, value = place_of(path, said, error["loc"]), error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = "、".join(_fields_at(error["loc"])) or "见说明"
        return Fault(place, "没有这个字段。", f"请删去或核对拼写；此处可用：{known}。", "unknown_field")
    if kind == "missing":
        return Fault(place, "缺少这个字段。", "请补上。", "missing_field")
    if kind == "literal_error":
        allowed = error["ctx"]["expected"].replace(" or ", "、").replace(", ", "、")
        code = (
            "unknown_role"
            if error["loc"][-1] in ("who", "to", "approver") or "roles" in error["loc"]
            else "unknown_code"
        )
        return Fault(place, f"没有代码“{value}”。", f"可用：{allowed}。", code)
    if kind == "value_error":
        remedy = "请写成 PT24H（小时）、P20D（日）、P2WD（工作日）、P12M（月）或 P2Y（年），大于零。"
        return Fault(place, f"期限“{value}”不可能。", remedy, "bad_period")
    if kind == "string_pattern_mismatch":
        return Fault(place, f"“{value}”的写法不对。", f"应合于 {error['ctx']['pattern']}。", "bad_pattern")
    return Fault(place, "内容的类型或取值不对。", "请对照 liuhen rules new 生成的例子改正。", "bad_value")


def _fields_at(loc: Sequence[str | int]) -> list[str]:
    if len(loc) == 1:
        return sorted(Pack.model_fields)
    return []


# -- the meaning


def _meaning(path: Path, said: Any, pack: Pack) -> Iterator[Fault]:
    for loc, item in _items(pack):
        for field in ("article", "articles"):
            cited = getattr(item, field, None)
            for number in [cited] if isinstance(cited, str) else cited or ():
                if isinstance(number, str) and number not in pack.articles:
                    yield Fault(
                        place_of(path, said, (*loc, field)),
                        f"没有第 {number} 条。",
                        "请核对条号，或在 articles 中补上这一条。",
                        "unknown_article",
                    )
        for field in ("who", "to", "approver"):
            role = getattr(item, field, None)
            if role and role not in pack.roles:
                yield Fault(
                    place_of(path, said, (*loc, field)),
                    f"roles 中没有“{role}”。",
                    "请在 roles 中写明本制度对这一角色的称呼。",
                    "unknown_role",
                )
    yield from _twice(path, said, pack)
    yield from _alone(path, said, pack)


def _items(pack: Pack) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
    for name in type(pack).model_fields:
        value = getattr(pack, name)
        if isinstance(value, BaseModel):
            yield (name,), value
        elif isinstance(value, tuple):
            yield from (
                ((name, number), one) for number, one in enumerate(value) if isinstance(one, BaseModel)
            )


def _twice(path: Path, said: Any, pack: Pack) -> Iterator[Fault]:
    slots: dict[str, list[str]] = {
        "clocks": [one.duty for one in pack.clocks],
        "matters": [one.code for one in pack.matters],
        "slots": [one.code for one in pack.slots],
        "questions": [one.code for one in pack.questions],
        "norms": [one.code for one in pack.norms],
        "retention": [f"{one.when}:{','.join(one.events)}" for one in pack.retention],
        "access": [one.purpose for one in pack.access if one.purpose != "external"],
    }
    for name, keys in slots.items():
        for key, count in Counter(keys).items():
            if count > 1:
                last = len(keys) - 1 - keys[::-1].index(key)
                yield Fault(
                    place_of(path, said, (name, last)),
                    f"“{key}”有 {count} 条规则。",
                    "同一事项只留一条；两条不一致的，写入 questions 请法制机构裁定。",
                    "two_rules",
                )


def _alone(path: Path, said: Any, pack: Pack) -> Iterator[Fault]:
    for number, one in enumerate(pack.retention):
        if (one.rule == "period") != (one.period is not None):
            yield Fault(
                place_of(path, said, ("retention", number)),
                "rule 为 period 时必须写 period，其他情形不写。",
                "请补上或删去 period。",
                "period_and_rule",
            )
    known = {one.code for one in pack.questions}
    for number, clock in enumerate(pack.clocks):
        if clock.ruling and clock.ruling not in known:
            yield Fault(
                place_of(path, said, ("clocks", number, "ruling")),
                f"questions 中没有“{clock.ruling}”。",
                "请写明这条时限依据哪一项裁定。",
                "unknown_question",
            )
    listed = {one.code for one in pack.matters}
    for number, content in enumerate(pack.key_content):
        for code in sorted(set(content.matters) - listed):
            yield Fault(
                place_of(path, said, ("key_content", number, "matters")),
                f"matters 中没有“{code}”。",
                "请核对代码，或在 matters 中补上这一事项。",
                "unknown_matter",
            )
    for article_no, article in pack.articles.items():
        if sum(map(bool, (article.by, article.accounted, article.needs))) != 1:
            yield Fault(
                place_of(path, said, ("articles", article_no)),
                "应在 by（由什么执行）、accounted（无须执行）、needs（待哪项能力）中恰好写一项。",
                "请补上或只留一项。",
                "article_unaccounted",
            )
    if pack.ratio and (
        (pack.ratio.devices is None) != (pack.ratio.officers is None)
        or (pack.ratio.slot is not None and pack.ratio.slot not in {one.code for one in pack.slots})
    ):
        yield Fault(
            place_of(path, said, ("ratio",)),
            "devices 和 officers 应同时写或同时不写；slot 应是 slots 中有的代码。",
            "请补上或删去。",
            "bad_ratio",
        )
    if pack.in_force and pack.until and pack.until < pack.in_force:
        yield Fault(place_of(path, said, ("until",)), "废止早于施行。", "请核对两个日期。", "bad_dates")
