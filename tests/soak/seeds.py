"""Which seeds a long run takes: all of a test's own, or a range of them, so that it can be done in pieces.

SOAK_SEEDS=4-7 script/soak -k against_an_erasure
"""

import os

VARIABLE = "SOAK_SEEDS"


def seeds(count: int) -> range:
    """The first `count` seeds, or those that `SOAK_SEEDS` names: one, or first-last, both of which run."""
    first, dash, last = os.environ.get(VARIABLE, "").partition("-")
    return range(int(first), int(last if dash else first) + 1) if first else range(count)
