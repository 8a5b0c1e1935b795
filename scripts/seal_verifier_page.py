"""Write the digests of liuhen-verify.html's own scripts and style into its content security policy.

The page runs nothing but what these digests name; run this after every change of it. `--check` only says.
"""

from __future__ import annotations

import hashlib
import re
import sys
from base64 import b64encode
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "src" / "liuhen" / "outside" / "liuhen-verify.html"
_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy"\s+content=")[^"]*(")')


def policy_of(page: str) -> str:
    """The policy that fits the page's inline parts."""

    def digests(tag: str) -> str:
        parts = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        return " ".join(
            f"'sha256-{b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in parts
        )

    return (
        f"default-src 'none'; script-src {digests('script')}; style-src {digests('style')}; "
        "worker-src blob:; base-uri 'none'; form-action 'none'"
    )


def sealed(page: str) -> str:
    return _POLICY.sub(lambda match: match[1] + policy_of(page) + match[2], page)


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    if sealed(page) == page:
        return 0
    if "--check" in sys.argv:
        print("liuhen-verify.html has changed: run python scripts/seal_verifier_page.py")
        return 1
    PAGE.write_text(sealed(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
