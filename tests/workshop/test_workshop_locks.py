import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))


def name_of(line: str) -> str:
    """The normalised package name at the start of a requirement line (PEP 503)."""
    found = re.match(r"[A-Za-z0-9._-]+", line)
    return re.sub(r"[-_.]+", "-", found.group()).lower() if found else ""


def wanted(path: Path) -> set[str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    return {name_of(line) for line in lines if line and not line.startswith(("#", "-"))}


def pins(path: Path) -> dict[str, str]:
    """Name to version; the lock files start a package at the first column."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE)
    return {name_of(name): version for name, version in found}


def test_every_list_has_its_lock_file() -> None:
    assert {path.stem for path in REQUIREMENTS.glob("*.in")} == {path.stem for path in LOCKS}
    assert {"base", "dev", "uv", "font"} <= {path.stem for path in LOCKS}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_names_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    pin = r"[A-Za-z0-9._-]+==[^ ]+( ; [^\\]+)? \\"
    allowed = re.compile(rf"#.*|{pin}|    --hash=sha256:[0-9a-f]{{64}}( \\)?")
    assert [line for line in lock.read_text().splitlines() if not allowed.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_holds_no_address_and_no_path(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text
    assert not re.search(r"(^|[\s'\"=])/[a-z]", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_pins_all_that_its_list_wants(lock: Path) -> None:
    assert wanted(lock.with_suffix(".in")) - set(pins(lock)) == set()


def test_tests_run_on_the_versions_that_run_at_the_office() -> None:
    tested = pins(REQUIREMENTS / "dev.txt")
    assert {name: tested.get(name) for name in pins(REQUIREMENTS / "base.txt")} == pins(
        REQUIREMENTS / "base.txt"
    )


def test_every_direct_dependency_has_its_reason_and_licence() -> None:
    page = (ROOT / "docs" / "adr" / "dependencies.md").read_text()
    explained = {name_of(row) for row in re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)}
    pages = json.loads((ROOT / "package.json").read_text())
    npm = {name_of(name) for name in {**pages["dependencies"], **pages["devDependencies"]}}
    assert {name for path in REQUIREMENTS.glob("*.in") for name in wanted(path)} | npm == explained


def test_the_lock_of_the_pages_has_a_digest_for_each_package_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {name: one for name, one in packages.items() if name}
    assert fetched
    assert [name for name, one in fetched.items() if not one["integrity"].startswith("sha512-")] == []
    assert [name for name, one in fetched.items() if "resolved" in one] == []


def test_the_oldest_python_is_the_one_the_locks_were_made_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "--python-version 3.11" in (ROOT / "scripts" / "lock.sh").read_text()
