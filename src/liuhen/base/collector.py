"""Python's garbage collector, told what a long run is like here: much is made and soon let go, little is in cycles.

Looking for cycles took a tenth of a card's intake, most of it over modules that are never let go.
"""

from __future__ import annotations

import gc

_YOUNG = (
    20_000  # objects made and not yet freed before the youngest are looked at; Python's own figure is 700
)


def settle() -> None:
    """What is loaded by now is not looked at again, and the young are looked at less often; once a process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
