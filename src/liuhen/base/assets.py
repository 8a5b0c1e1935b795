"""The pages' static files, brought to where they are served from: LIUHEN_HOME/static, once a version.

- A file's name there changes with its content, so a browser may keep it for ever (web/assets.py says how).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from liuhen.core.errors import StorageError

NEEDED = "vendor/bootstrap/bootstrap.min.css"


class AssetsMissingError(StorageError):
    code = "assets_missing"


def collect() -> None:
    """Bring the served copy up to date. Raises AssetsMissingError where set-up could not fetch them."""
    source, target = Path(settings.STATICFILES_DIRS[0]), Path(settings.STATIC_ROOT)
    if not (source / NEEDED).exists():
        raise AssetsMissingError(
            "网页所需的前端文件还没有取到，网页不能打开。",
            remedy="请联网运行 make setup；不能联网的，请从能联网的电脑上拷来 src/liuhen/static/vendor 整个文件夹。",
        )
    mark = target / ".stamp"
    now = _stamp(source)
    if mark.exists() and mark.read_text() == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    mark.write_text(now)


def _stamp(source: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file():
            seen = path.stat()
            digest.update(f"{path.relative_to(source)} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()
