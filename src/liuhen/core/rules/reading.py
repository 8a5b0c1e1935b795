"""Reading a pack from a folder: every fault at once, each with file, line, field and what to do.

- `pack.yaml` is YAML 1.2; `examples.yaml` beside it is run by `examples.run`.
- Beyond the shape: an article that is cited stands in `articles`; one slot has one rule; a role that acts is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .errors import Fault, PackError
from .pack import ARTICLE, CODE, PACK_ID, VERSION, Pack

LARGEST = 1 << 20  # bytes; the shipped packs are a fiftieth of it


class _Reader(RoundTripConstructor):
    """Times stay as they are written: a day that cannot be is then told with its field, and no offset is lost."""


_Reader.add_constructor("tag:yaml.org,2002:timestamp", lambda reader, node: reader.construct_scalar(node))


def read_pack(folder: Path) -> Pack:
    """Raises PackError with everything that is wrong; nothing of a faulty pack is used."""
    path = folder / "pack.yaml"
    said = read_yaml(path)
    try:
        pack = Pack.model_validate(_plain(said))
    except ValidationError as error:
        raise PackError(f"{path.name} 不能使用", shape_faults(path, said, Pack, error)) from error
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
        yaml = YAML(typ="rt", pure=True)
        yaml.Constructor = _Reader
        return yaml.load(data.decode("utf-8-sig"))
    except OSError as error:
        text = f"{path} 没有，或读不出（应给出放有 pack.yaml 的文件夹）。"
        raise _unreadable(path, 1, text, "unreadable") from error
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
    except (YAMLError, ValueError) as error:
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


def shape_faults(path: Path, said: Any, kind: type[BaseModel], error: ValidationError) -> list[Fault]:
    """One line for each thing; a whole is not called wrong besides the part that is."""
    found = error.errors()
    inner = {tuple(one["loc"][:depth]) for one in found for depth in range(len(one["loc"]))}
    return [_shape(path, said, kind, one) for one in found if tuple(one["loc"]) not in inner]


_PERIODS = "请写成 PT24H（小时）、P20D（日）、P2WD（工作日）、P12M（月）或 P2Y（年），大于零。"


def _shape(path: Path, said: Any, whole: type[BaseModel], error: Any) -> Fault:
    place, kind, value = place_of(path, said, error["loc"]), error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = "、".join(_fields_at(whole, error["loc"]))
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
    if kind == "value_error" or (kind == "string_type" and error["loc"][-1] in ("within", "period")):
        return Fault(place, f"期限“{value}”不可能。", _PERIODS, "bad_period")
    if kind == "string_pattern_mismatch":
        return Fault(place, f"“{value}”的写法不对。", _pattern(error["ctx"]["pattern"]), "bad_pattern")
    return _kind(place, kind, value, error)


def _pattern(pattern: str) -> str:
    said = {
        ARTICLE: '请写条号的数字，如 "8"；有附件的写 "1/8"（附件号/条号）。',
        CODE: "请用小写字母开头的代码，可含数字和下划线，如 inspection。",
        PACK_ID: "请用小写字母、数字和连字符，如 my-regulation。",
        VERSION: '请写数字，如 "1" 或 "1.2"。',
    }
    return said.get(pattern, f"应合于 {pattern}。")


_REMEDIES = (  # by how the kind of the fault begins
    ("date", "日期“{value}”不可能。", "请写成 2026-01-01；文本没有写明的填 null。"),
    ("timezone", "时间“{value}”没有时区。", "请写成 2026-11-25T09:30:00+08:00。"),
    ("tuple", "这里应是一列。", "请写成 [甲, 乙]，或每项一行、以“- ”开头。"),
    ("list", "这里应是一列。", "请写成 [甲, 乙]，或每项一行、以“- ”开头。"),
    ("dict", "这里应是一组字段。", "请写成“字段: 内容”，每个一行。"),
    ("model", "这里应是一组字段。", "请写成“字段: 内容”，每个一行；没有规定的整项删去。"),
    ("bool", "“{value}”应是 true 或 false。", "请改写成 true（是）或 false（否）。"),
    ("int", "“{value}”应是整数。", "请写阿拉伯数字。"),
    ("too_short", "这里是空的。", "请至少写一项；没有规定的，把上一级整项删去。"),
    ("string_too_short", "这里是空的。", "请写上内容。"),
    ("string_too_long", "内容太长。", "请用一句话概括，不抄原文。"),
    ("greater_than", "“{value}”太小。", "请核对数目。"),
    ("less_than", "“{value}”太大。", "请核对数目。"),
)


def _kind(place: str, kind: str, value: Any, error: Any) -> Fault:
    """A value of the wrong kind: what should stand there."""
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return Fault(place, f"“{value}”应是文字，不是数。", f'请加引号，写成 "{value}"。', "bad_value")
    if kind == "string_type":
        return Fault(place, "这里应是文字。", "请写一个词或一句话；没有规定的，把这一项删去。", "bad_value")
    if kind == "datetime_from_date_parsing" or kind.startswith("datetime"):
        return Fault(place, f"时间“{value}”不可能。", "请写成 2026-11-25T09:30:00+08:00。", "bad_value")
    for begins, message, remedy in _REMEDIES:
        if kind.startswith(begins):
            return Fault(place, message.format(value=value), remedy, "bad_value")
    return Fault(place, "内容的类型或取值不对。", "请对照 liuhen rules new 生成的例子改正。", "bad_value")


def _fields_at(whole: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The fields of the part that a field was found in: down the models by the names in `loc`."""
    at: Any = whole
    for part in loc[:-1]:
        if isinstance(part, str) and part in getattr(at, "model_fields", {}):
            at = _model_in(at.model_fields[part].annotation)
    return sorted(at.model_fields)


def _model_in(annotation: Any) -> Any:
    """The model that an annotation holds: itself, or what stands in its tuple, dict or union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one)) is not None), None)


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
        "retention": [f"{one.when}:{','.join((*one.events, *one.matters))}" for one in pack.retention],
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
    yield from _never(path, said, pack)
    known = {one.code for one in pack.questions}
    for number, clock in enumerate(pack.clocks):
        if clock.ruling and clock.ruling not in known:
            yield Fault(
                place_of(path, said, ("clocks", number, "ruling")),
                f"questions 中没有“{clock.ruling}”。",
                "请写明这条时限依据哪一项裁定。",
                "unknown_question",
            )
        if clock.same_day and clock.within:
            yield Fault(
                place_of(path, said, ("clocks", number, "within")),
                "写了 same_day（当日）又写了 within（期限），只能有一个。",
                "条文说当天的只写 same_day: true，写明期限的只写 within。",
                "two_times",
            )
    listed = {one.code for one in pack.matters}
    named = [("key_content", number, one.matters) for number, one in enumerate(pack.key_content)]
    named += [("retention", number, one.matters) for number, one in enumerate(pack.retention)]
    for name, number, matters in named:
        for code in sorted(set(matters) - listed):
            yield Fault(
                place_of(path, said, (name, number, "matters")),
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


def _never(path: Path, said: Any, pack: Pack) -> Iterator[Fault]:
    """Rules of retention that can never count: the first that holds does, so one that always holds is the last."""
    last = len(pack.retention) - 1
    for number, one in enumerate(pack.retention):
        place = place_of(path, said, ("retention", number))
        for name, like in (("events", "assault"), ("matters", "inspection")):
            if (one.when == name) != bool(getattr(one, name)):
                yield Fault(
                    place,
                    f"when 为 {name} 时必须写 {name}，其他情形不写。",
                    f"请写明是哪些，如 {name}: [{like}]，或改 when。",
                    f"{name}_and_when",
                )
        if one.start != "recorded_at" and one.rule != "period":
            yield Fault(
                place, "只有 rule 为 period 时才写 start。", "请删去 start，或改 rule。", "start_and_rule"
            )
        if one.when == "always" and number < last:
            yield Fault(
                place,
                "写在它后面的保管期限永远用不上：各条从上往下，第一条符合的算数。",
                "请把 when: always 的一条移到最后。",
                "never_counts",
            )
