"""Checking profiles: what `liuhen` says of an office's own data before a card is read by it.

Every finding has the file, a stable code and a Chinese sentence; an empty list means fit for use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liuhen.core.cards.errors import ProfileError
from liuhen.core.cards.names import NameFacts, read_name
from liuhen.core.cards.profile import Example, Profile, duplicate_id, profile_files, read_profile


@dataclass(frozen=True)
class ProfileFinding:
    """Codes: profile_missing, profile_unreadable, profile_invalid, profile_duplicate, example_failed,
    no_example.
    """

    path: Path
    code: str
    message: str


def check_profile(path: Path) -> list[ProfileFinding]:
    """Check one profile file, or every profile of a folder, its examples included."""
    if not path.exists():
        return [ProfileFinding(path, "profile_missing", f"没有「{path.name}」。怎么办：核对路径。")]
    findings: list[ProfileFinding] = []
    seen: dict[str, Path] = {}
    for file in profile_files(path) if path.is_dir() else [path]:
        try:
            profile = read_profile(file)
            if profile.id in seen:
                raise duplicate_id(profile.id, seen[profile.id], file)
        except ProfileError as error:
            findings.append(ProfileFinding(file, error.code, str(error)))
            continue
        seen[profile.id] = file
        findings += _run_examples(file, profile)
    return findings


def _run_examples(file: Path, profile: Profile) -> list[ProfileFinding]:
    if profile.patterns and not profile.examples:
        sentence = f"「{file.name}」没有例子（examples），无法知道它读得对不对。"
        remedy = "怎么办：写上一个真实的文件名和应读出的内容。"
        return [ProfileFinding(file, "no_example", sentence + remedy)]
    return [
        ProfileFinding(file, "example_failed", f"「{file.name}」的例子「{example.name}」：{difference}")
        for example in profile.examples
        for difference in example_differences(example, [profile])
    ]


def example_differences(example: Example, profiles: Sequence[Profile]) -> list[str]:
    """How the reading of an example's name differs from what it must be; empty when it agrees."""
    facts = read_name(example.name, profiles)
    read = _as_written(facts)
    return [
        f"{field} 应为 {wanted!r}，读出 {read[field]!r}"
        for field, wanted in example.expect.model_dump().items()
        if field in example.expect.model_fields_set and read[field] != wanted
    ]


def _as_written(facts: NameFacts) -> dict[str, object]:
    return {
        "matches": facts.profile_id is not None,
        "serial": facts.serial,
        "officer": facts.officer,
        "taken_at": facts.taken_at.isoformat() if facts.taken_at else None,
        "zone": facts.zone,
        "sequence": facts.sequence,
        "stream": facts.stream,
        "key_file": facts.key_file,
        "kind": facts.kind,
        "findings": tuple(finding.code for finding in facts.findings),
    }
