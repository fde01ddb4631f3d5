"""Remembers any number of leaves in 32 bytes, and proves what a root contains (RFC 6962, RFC 9162).

Pure: leaves go in as hashes, and whoever makes a proof looks the hashes up first. Three steps, so that a store
can answer with one query a level:

    wanted = inclusion_ranges(index, size)     leaf ranges whose roots make the proof
    runs_of(wanted)                            rows to read: consecutive subtrees of 256**level leaves
    proof_from(wanted, rows)                   the proof, from {(level, index): hash}; level 0 = leaf hashes

Full subtrees are kept only at every eighth level of the tree, as the tiles of C2SP tlog-tiles are.

Legal: GDPR Art. 5(2), Art. 32; R-AUD-4.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_SIZE = 32
TILE_BITS = 8
TILE_WIDTH = 1 << TILE_BITS
EMPTY_ROOT = sha256(b"").digest()
LEAF_PREFIX = b"\0"
NODE_PREFIX = b"\1"


class ProofError(Exception):
    """Raised when a proof does not show what it claims, or when no such proof can exist."""


class Subtree(NamedTuple):
    """The root of the full subtree over leaves [index * 256**level, (index + 1) * 256**level)."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks here
    hash: bytes


class Range(NamedTuple):
    """Leaves from `start` up to, without, `stop`."""

    start: int
    stop: int


class Run(NamedTuple):
    """Consecutive subtrees of 256**level leaves, from `start` up to, without, `stop`."""

    level: int
    start: int
    stop: int


Rows = Mapping[tuple[int, int], bytes]
"""Hashes by (level, index); level 0 holds leaf hashes, level n the roots of full subtrees of 256**n leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The 32 bytes that stand for one entry's stored bytes."""
    return sha256(LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32 bytes above two subtrees."""
    return sha256(NODE_PREFIX + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over all leaf hashes; `EMPTY_ROOT` over none."""
    row = list(leaf_hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        odd = [row[-1]] if len(row) % 2 else []
        row = [sha256(NODE_PREFIX + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


class CompactRange:
    """A growing tree, kept as the roots of its perfect subtrees, largest first: at most 64 hashes."""

    __slots__ = ("_stack", "size")

    def __init__(self) -> None:
        """Start with the empty tree."""
        self.size = 0
        self._stack: list[bytes] = []

    def append(self, leaf: bytes) -> list[Subtree]:
        """Adds a leaf hash (32 bytes).

        Returns:
            The subtrees of 256**level leaves, level >= 1, that this leaf has filled, smallest first.
        """
        stack, index, height, value = self._stack, self.size, 0, leaf
        filled: list[Subtree] = []
        while index & 1:
            value = sha256(NODE_PREFIX + stack.pop() + value).digest()
            index >>= 1
            height += 1
            if height % TILE_BITS == 0:
                filled.append(Subtree(height // TILE_BITS, index, value))
        stack.append(value)
        self.size += 1
        return filled

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._stack:
            return EMPTY_ROOT
        value = self._stack[-1]
        for left in self._stack[-2::-1]:
            value = sha256(NODE_PREFIX + left + value).digest()
        return value

    def to_bytes(self) -> bytes:
        """The hashes of the stack, concatenated, largest subtree first."""
        return b"".join(self._stack)

    @classmethod
    def from_bytes(cls, size: int, stack: bytes) -> "CompactRange":
        """Restores what `to_bytes` wrote.

        Raises:
            ProofError: the stack's length does not belong to this size.
        """
        if size < 0 or len(stack) != HASH_SIZE * size.bit_count():
            raise ProofError(f"{len(stack)} bytes of compact range do not belong to size {size}")
        made = cls()
        made.size = size
        made._stack = [stack[i : i + HASH_SIZE] for i in range(0, len(stack), HASH_SIZE)]
        return made


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Leaf ranges whose roots, in this order, prove leaf `index` in the tree of `size` (RFC 9162, 2.1.3.1).

    Raises:
        ProofError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    wanted: list[Range] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _left_width(stop - start)
        if index < middle:
            wanted.append(Range(middle, stop))
            stop = middle
        else:
            wanted.append(Range(start, middle))
            start = middle
    return wanted[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Leaf ranges whose roots, in this order, prove that the tree of `new` begins with the tree of `old`.

    Follows RFC 9162, 2.1.4.1. Size 0 is refused: every tree begins with nothing, so the proof would show nothing.

    Raises:
        ProofError: `old` is 0 or greater than `new`.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof leads from size {old} to size {new}")
    wanted: list[Range] = []
    start, stop = 0, new
    while old != stop:
        middle = start + _left_width(stop - start)
        if old <= middle:
            wanted.append(Range(middle, stop))
            stop = middle
        else:
            wanted.append(Range(start, middle))
            start = middle
    if start > 0:  # otherwise the old root itself, which the verifier has
        wanted.append(Range(start, stop))
    return wanted[::-1]


def runs_of(ranges: Iterable[Range]) -> list[Run]:
    """The rows that `proof_from` or `range_root` will look up, joined where they touch, sorted."""
    runs = sorted(run for wanted in ranges for run in _perfect_runs(wanted))
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1].level == run.level and run.start <= joined[-1].stop:
            joined[-1] = joined[-1]._replace(stop=max(joined[-1].stop, run.stop))
        else:
            joined.append(run)
    return joined


def range_root(wanted: Range, rows: Rows) -> bytes:
    """The root over a leaf range that starts where RFC 6962 splits a tree: the hash a proof carries.

    Raises:
        ProofError: a row that `runs_of` named is missing.
    """
    try:
        # Perfect subtrees get smaller to the right, so folding from the right is the recursion of RFC 6962.
        parts = [
            root_of([rows[run.level, index] for index in range(run.start, run.stop)]) for run in _perfect_runs(wanted)
        ]
    except KeyError as missing:
        raise ProofError(f"no hash is kept for (level, index) {missing}") from missing
    if not parts:
        return EMPTY_ROOT
    value = parts[-1]
    for left in parts[-2::-1]:
        value = node_hash(left, value)
    return value


def rows_of(leaf_hashes: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
    """Every row of a tree that is at hand as a whole, such as the commitments of one entry."""
    rows: dict[tuple[int, int], bytes] = {}
    tree = CompactRange()
    for leaf in leaf_hashes:
        rows[0, tree.size] = leaf
        rows.update({(level, index): value for level, index, value in tree.append(leaf)})
    return rows


def proof_from(wanted: Iterable[Range], rows: Rows) -> list[bytes]:
    """The proof that `inclusion_ranges` or `consistency_ranges` asked for.

    Raises:
        ProofError: a row that `runs_of` named is missing.
    """
    return [range_root(one, rows) for one in wanted]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Passes if, and only if, `leaf` (a leaf hash) is at `index` of the tree with `root` (RFC 9162, 2.1.3.2).

    Raises:
        ProofError: it is not, or the leaf hash or a step is not 32 bytes long.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _check_widths([leaf, *proof])
    fn, sn, value = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise ProofError("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            value = node_hash(step, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or value != root:
        raise ProofError(f"the inclusion proof of leaf {index} does not lead to the root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Passes if, and only if, the tree of `new` leaves begins with the tree of `old` (RFC 9162, 2.1.4.2).

    Raises:
        ProofError: it does not; or `old` is 0, which would show nothing; or a step is not 32 bytes long.
    """
    if not 0 < old <= new:
        raise ProofError(f"no consistency proof leads from size {old} to size {new}")
    _check_widths(proof)
    if old == new:
        if proof or old_root != new_root:
            raise ProofError(f"two different trees of size {new}")
        return
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not proof:
        raise ProofError("the consistency proof is empty")
    old_value, new_value, complete = _climb(old - 1, new - 1, steps)
    if not complete or old_value != old_root or new_value != new_root:
        raise ProofError(f"the tree of size {new} does not continue the tree of size {old}")


def _climb(fn: int, sn: int, steps: Sequence[bytes]) -> tuple[bytes, bytes, bool]:
    """Old root, new root and whether the steps reached the top."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_value = new_value = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return old_value, new_value, False
        if fn & 1 or fn == sn:
            old_value, new_value = node_hash(step, old_value), node_hash(step, new_value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_value = node_hash(new_value, step)
        fn, sn = fn >> 1, sn >> 1
    return old_value, new_value, sn == 0


def _check_widths(hashes: Iterable[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError(f"a hash is not {HASH_SIZE} bytes long")


def _left_width(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _perfect_runs(wanted: Range) -> list[Run]:
    """The stored hashes under each perfect subtree of a range, left to right; at most 128 a subtree."""
    runs: list[Run] = []
    start, stop = wanted
    while start < stop:
        height = (stop - start).bit_length() - 1
        level, rest = divmod(height, TILE_BITS)
        first = start >> (level * TILE_BITS)
        runs.append(Run(level, first, first + (1 << rest)))
        start += 1 << height
    return runs
