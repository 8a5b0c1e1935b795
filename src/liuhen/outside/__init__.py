"""What leaves the office beside a copy: the verifiers that a stranger runs without us.

- `liuhen-verify.py` imports nothing of ours and nothing but the standard library (Python ≥ 3.8).
- `liuhen-verify.html` is one file for a browser without network: no request, no other file, the same verdicts.
- Each says again, in its own code, what `core.tlog` says: an error would have to be made three times to pass.
"""

from __future__ import annotations

from pathlib import Path

VERIFIER = Path(__file__).with_name("liuhen-verify.py")
VERIFIER_PAGE = Path(__file__).with_name("liuhen-verify.html")
