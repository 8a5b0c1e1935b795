"""The scripts, driven with stand-ins for the machine; nothing is fetched or installed."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from liuhen.prints.fonts import NoPrintFontError

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [ROOT / ".ci" / "run", ROOT / "scripts" / "setup.sh", ROOT / "scripts" / "lock.sh"]


def stand_in(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the scripts alone."""
    shutil.copytree(ROOT / "scripts", tmp_path / "checkout" / "scripts")
    return tmp_path / "checkout"


def set_up(checkout: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "scripts" / "setup.sh"), *args],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_sound_shell_and_can_be_run(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)
    assert any(line.startswith("set -eu") for line in script.read_text().splitlines())


def test_an_old_python_is_refused_in_both_languages(checkout: Path, tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        stand_in(tmp_path / "bin", name, "exit 1")
    done = set_up(checkout, "base", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "没有找到 Python 3.11" in done.stderr
    assert "No Python 3.11 or newer was found" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_newer_python_beside_an_old_python3_is_found(checkout: Path, tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "python3", "exit 1")
    stand_in(tmp_path / "bin", "python3.13", '[ "$1" = -c ] && exit 0; echo "asked: $*" >&2; exit 1')
    done = set_up(checkout, "base", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert f"asked: -m venv --clear {checkout / '.venv'}" in done.stderr


def test_a_python_without_venv_says_which_package_to_install(checkout: Path, tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "python3", '[ "$1" = -c ] && exit 0; exit 1')
    done = set_up(checkout, "base", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_set_up_of_something_unknown_is_wrong_usage(checkout: Path) -> None:
    assert set_up(checkout, "everything").returncode == 2


@pytest.fixture
def print_font() -> ModuleType:
    spec = importlib.util.spec_from_file_location("print_font_script", ROOT / "scripts" / "print_font.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def no_font(*_args: Any, **_options: Any) -> None:
    raise NoPrintFontError("没有", remedy="装")


def test_set_up_ends_well_where_no_font_can_be_had(
    print_font: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(_folder: Path) -> None:
        raise subprocess.CalledProcessError(2, ["uv"], stderr="no route to host")

    monkeypatch.setattr(print_font, "find_font", no_font)
    monkeypatch.setattr(print_font, "fetch", unreachable)
    assert print_font.main() == 0
    said = capsys.readouterr().err
    assert "no route to host" in said
    assert "怎么办" in said
    assert "打印暂不可用" in said


def test_a_machine_that_has_a_font_fetches_none(
    print_font: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_font, "find_font", lambda _folder: None)
    monkeypatch.setattr(print_font, "fetch", no_font)
    assert print_font.main() == 0


def test_the_package_is_only_unpacked_and_only_font_and_licence_are_kept(
    print_font: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def unpack(command: list[Any], **_options: Any) -> None:
        asked.extend(map(str, command))
        inside = Path(asked[asked.index("--target") + 1]) / "package" / "fonts"
        inside.mkdir(parents=True)
        for name in ("Sans.ttf", "OFL.txt", "module.py"):
            (inside / name).write_text(name)

    monkeypatch.setattr(print_font.subprocess, "run", unpack)
    monkeypatch.setattr(print_font, "find_font", lambda folder, installed: folder)
    assert print_font.fetch(tmp_path / "fonts") == tmp_path / "fonts"
    assert sorted(path.name for path in (tmp_path / "fonts").iterdir()) == ["OFL.txt", "Sans.ttf"]
    assert {"--no-deps", "--require-hashes"} <= set(asked)
