"""The same files kept by other programs: what an office could do without us. Only those that are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from measure import Contestant, command
from place import files_of

_BIN = Path(sys.executable).parent


def yardstick(card: Path, target: Path) -> Contestant:
    """cp + sync + openssl sha256: the least that anyone would call a kept and hashed copy."""

    def run() -> None:
        command("cp", "-r", card, target)
        command("sync", "-f", target)
        command("openssl", "dgst", "-sha256", *files_of(target))

    return Contestant("cp + sync + openssl sha256", run, after=lambda: shutil.rmtree(target))


def others(card: Path, target: Path) -> list[Contestant]:
    """Peers that are installed here; each leaves nothing behind."""
    found = [make(card, target) for name, make in _MAKERS.items() if _installed(name)]
    return [Contestant(one.name, one.run, one.before, lambda: _remove(target)) for one in found]


def missing() -> list[str]:
    return [name for name in _MAKERS if not _installed(name)]


def _installed(name: str) -> bool:
    if name in ("ocfl", "bagit"):
        return importlib.util.find_spec(name) is not None
    return shutil.which(name) is not None


def _remove(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)


def _ocfl(card: Path, target: Path) -> Contestant:
    def run() -> None:
        tool = _BIN / "ocfl-object.py"
        arguments = ["--srcdir", card, "--objdir", target, "--id", "bench:1", "--digest", "sha256"]
        command(sys.executable, tool, "create", *arguments)
        command("sync", "-f", target)
        command(sys.executable, tool, "validate", "--objdir", target)

    return Contestant("ocfl-py create + sync + validate", run)


def _bagit(card: Path, target: Path) -> Contestant:
    def run() -> None:
        command("cp", "-r", card, target)
        command(sys.executable, "-m", "bagit", "--quiet", "--sha256", target)
        command("sync", "-f", target)
        command(sys.executable, "-m", "bagit", "--quiet", "--validate", target)

    return Contestant("cp + bagit + sync + validate", run)


def _restic(card: Path, target: Path) -> Contestant:
    environment = {**os.environ, "RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(target / "cache")}

    def run() -> None:
        repository = ("--repo", target / "repo", "--quiet")
        command("restic", *repository, "init", env=environment)
        command("restic", *repository, "backup", card, env=environment)
        command("restic", *repository, "check", "--read-data", env=environment)

    return Contestant("restic backup + check", run, before=lambda: target.mkdir())


def _rclone(card: Path, target: Path) -> Contestant:
    def run() -> None:
        command("rclone", "copy", card, target)
        command("sync", "-f", target)
        command("rclone", "hashsum", "sha256", target)

    return Contestant("rclone copy + hashsum", run)


def _borg(card: Path, target: Path) -> Contestant:
    environment = {**os.environ, "BORG_BASE_DIR": str(target / "base")}

    def run() -> None:
        command("borg", "init", "--encryption=none", target / "repo", env=environment)
        command("borg", "create", f"{target / 'repo'}::one", card, env=environment)
        command("borg", "check", "--verify-data", target / "repo", env=environment)

    return Contestant("borg create + check", run, before=lambda: target.mkdir())


_MAKERS: dict[str, Callable[[Path, Path], Contestant]] = {
    "ocfl": _ocfl,
    "bagit": _bagit,
    "restic": _restic,
    "rclone": _rclone,
    "borg": _borg,
}
