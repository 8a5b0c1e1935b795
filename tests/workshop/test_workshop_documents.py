import argparse
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
STANDING = (*READMES, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "GLOSSARY.md", "LICENSE")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def pages() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", STANDING)
def test_the_standing_documents_stand(name: str) -> None:
    assert len((ROOT / name).read_text()) > 400


@pytest.mark.parametrize("name", READMES)
def test_the_first_line_of_the_readme_names_what_must_be_there(name: str) -> None:
    first = (ROOT / name).read_text().splitlines()[0]
    for prerequisite in ("git", "make", "python3", "3.11", "venv"):
        assert prerequisite in first


@pytest.mark.parametrize("name", READMES)
def test_the_readme_gives_the_three_commands_first(name: str) -> None:
    commands = re.findall(r"^(make [a-z]+)", (ROOT / name).read_text(), re.MULTILINE)
    assert commands[:3] == ["make demo", "make test", "make run"]


def test_make_alone_names_every_target() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert targets() >= {"setup", "demo", "test", "check", "bench", "clean"}
    assert {target for target in targets() if not re.search(rf"^  {target} ", shown, re.MULTILINE)} == set()


def test_every_make_target_a_page_names_exists() -> None:
    named = {
        (page.name, target)
        for page in pages()
        for target in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", page.read_text(), re.MULTILINE)
        for target in target
        if target
    }
    assert {(page, target) for page, target in named if target not in targets()} == set()


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        (page.relative_to(ROOT).as_posix(), link)
        for page in pages()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert broken == []


def command_lines(name: str) -> list[str]:
    """The `.venv/bin/liuhen …` lines of a README's code blocks, comments and continuations resolved."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return re.findall(r"^\.venv/bin/liuhen +(.+?)(?: +#.*)?$", text, re.MULTILINE)


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_is_understood(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from liuhen.cli import main

    parser: argparse.ArgumentParser = main._parser()
    lines = command_lines(name)
    assert len(lines) > 10
    refused = []
    for line in lines:
        try:
            parser.parse_args(shlex.split(line))
        except SystemExit:
            refused.append((line, capsys.readouterr().err))
    assert refused == []


def test_both_readmes_show_the_same_commands() -> None:
    assert command_lines(READMES[0]) == command_lines(READMES[1])


def test_the_licence_is_apache_2() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    head = " ".join((ROOT / "LICENSE").read_text().split()[:6])
    assert head == "Apache License Version 2.0, January 2004"


def test_the_changelog_begins_with_what_is_not_released_yet() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_decision_records_are_numbered_once_and_have_their_four_parts() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(numbers) == len(set(numbers))
    ours = [record for record in records if record.name[:4] <= "0019"]
    assert ours
    for record in ours:
        parts = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
        assert parts == ["Context", "Options", "Decision", "Consequence"], record.name
