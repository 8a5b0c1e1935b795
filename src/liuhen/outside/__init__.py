"""What leaves the office beside a copy: the verifier that a stranger runs without us.

- `liuhen-verify.py` imports nothing of ours and nothing but the standard library (Python ≥ 3.8).
- It says again, in its own code, what `core.tlog` says: an error would have to be made twice to pass.
"""

from __future__ import annotations

from pathlib import Path

VERIFIER = Path(__file__).with_name("liuhen-verify.py")
