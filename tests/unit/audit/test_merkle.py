"""The tree against RFC 6962's own recursive definitions and against public vectors."""

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audit import merkle
from audit.merkle import CompactRange, ProofError, Range
from tests.vectors import vector_files

LARGEST = 700
LEAVES = [sha256(b"\0" + str(index).encode()).digest() for index in range(LARGEST)]
ROWS = merkle.rows_of(LEAVES)
sizes = st.integers(1, LARGEST)


def split(width: int) -> int:
    power = 1
    while power * 2 < width:
        power *= 2
    return power


@cache
def mth(start: int, stop: int) -> bytes:
    """RFC 6962, 2.1, to the letter."""
    if start == stop:
        return sha256(b"").digest()
    if stop - start == 1:
        return LEAVES[start]
    middle = start + split(stop - start)
    return sha256(b"\1" + mth(start, middle) + mth(middle, stop)).digest()


def path(index: int, start: int, stop: int) -> list[bytes]:
    """RFC 6962, 2.1.1, to the letter."""
    if stop - start == 1:
        return []
    width = split(stop - start)
    middle = start + width
    if index < width:
        return [*path(index, start, middle), mth(middle, stop)]
    return [*path(index - width, middle, stop), mth(start, middle)]


def subproof(old: int, start: int, stop: int, *, complete: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, to the letter."""
    if old == stop - start:
        return [] if complete else [mth(start, stop)]
    width = split(stop - start)
    middle = start + width
    if old <= width:
        return [*subproof(old, start, middle, complete=complete), mth(middle, stop)]
    return [*subproof(old - width, middle, stop, complete=False), mth(start, middle)]


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(1, new)), new


def inclusion(index: int, size: int) -> list[bytes]:
    return merkle.proof_from(merkle.inclusion_ranges(index, size), ROWS)


def consistency(old: int, new: int) -> list[bytes]:
    return merkle.proof_from(merkle.consistency_ranges(old, new), ROWS)


def test_leaf_and_node_hashes_are_those_of_rfc_6962() -> None:
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.node_hash(b"N" * 32, b"N" * 32) == sha256(b"\1" + b"N" * 64).digest()
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_root_is_the_recursive_one_whichever_way_it_is_made() -> None:
    tree = CompactRange()
    for size in range(LARGEST + 1):
        expected = mth(0, size)
        assert tree.root() == expected
        assert merkle.range_root(Range(0, size), ROWS) == expected
        if size % 7 == 0:
            assert merkle.root_of(LEAVES[:size]) == expected
        if size < LARGEST:
            tree.append(LEAVES[size])


def test_rows_that_touch_are_asked_for_at_once() -> None:
    assert merkle.runs_of(merkle.inclusion_ranges(300, 700)) == [
        (0, 256, 300),
        (0, 301, 700),
        (1, 0, 1),
    ]
    assert merkle.runs_of([Range(0, 700)]) == [(0, 512, 700), (1, 0, 2)]


def test_append_reports_each_full_subtree_of_256_leaves_once() -> None:
    tree = CompactRange()
    filled = [subtree for leaf in LEAVES for subtree in tree.append(leaf)]
    assert filled == [(1, 0, mth(0, 256)), (1, 1, mth(256, 512))]


def test_append_reports_both_levels_when_the_65536th_leaf_fills_them() -> None:
    tree = CompactRange()
    leaf = LEAVES[0]
    for _ in range(65535):
        tree.append(leaf)
    first, second = tree.append(leaf)
    assert (first.level, first.index) == (1, 255)
    assert second == (2, 0, tree.root())


@given(sizes)
def test_a_compact_range_survives_being_stored(size: int) -> None:
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    restored = CompactRange.from_bytes(size, tree.to_bytes())
    assert restored.root() == mth(0, size)
    assert restored.append(LEAVES[0]) == tree.append(LEAVES[0])
    assert restored.root() == tree.root()


@given(st.integers(-1, 5000), st.integers(0, 14))
def test_a_stack_of_another_size_is_refused(size: int, hashes: int) -> None:
    assume(size < 0 or size.bit_count() != hashes)
    with pytest.raises(ProofError):
        CompactRange.from_bytes(size, bytes(32 * hashes))


@given(places())
def test_an_inclusion_proof_is_the_recursive_one_and_verifies(place: tuple[int, int]) -> None:
    index, size = place
    proof = inclusion(index, size)
    assert proof == path(index, 0, size)
    merkle.verify_inclusion(LEAVES[index], index, size, proof, mth(0, size))


@given(pairs())
def test_a_consistency_proof_is_the_recursive_one_and_verifies(pair: tuple[int, int]) -> None:
    old, new = pair
    proof = consistency(old, new)
    assert proof == subproof(old, 0, new, complete=True)
    merkle.verify_consistency(old, new, mth(0, old), mth(0, new), proof)


def test_every_proof_of_every_small_tree_verifies() -> None:
    for size in range(1, 66):
        for index in range(size):
            merkle.verify_inclusion(LEAVES[index], index, size, inclusion(index, size), mth(0, size))
            merkle.verify_consistency(index + 1, size, mth(0, index + 1), mth(0, size), consistency(index + 1, size))


@given(places(), pairs())
def test_a_proof_needs_the_rows_it_asks_for_and_no_others(place: tuple[int, int], pair: tuple[int, int]) -> None:
    for wanted in (merkle.inclusion_ranges(*place), merkle.consistency_ranges(*pair)):
        keys = [(run.level, index) for run in merkle.runs_of(wanted) for index in range(run.start, run.stop)]
        assert len(keys) == len(set(keys))
        rows = {key: ROWS[key] for key in keys}
        assert merkle.proof_from(wanted, rows) == merkle.proof_from(wanted, ROWS)
        for key in keys[:: max(1, len(keys) // 5)]:
            with pytest.raises(ProofError):
                merkle.proof_from(wanted, {other: value for other, value in rows.items() if other != key})


@given(places(), st.data())
def test_a_changed_inclusion_proof_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    leaf, proof, root = LEAVES[index], inclusion(index, size), mth(0, size)
    bad = data.draw(st.integers(0, 255))
    kind = data.draw(st.sampled_from(["leaf", "root", "step", "more", "less", "index", "width"]))
    if kind == "leaf":
        leaf = flip(leaf, bad)
    elif kind == "root":
        root = flip(root, bad)
    elif kind == "more":
        proof = [*proof, LEAVES[0]]
    elif kind == "index":
        index = data.draw(st.integers(-1, size).filter(lambda other: other != index))
    else:
        assume(proof)
        at = data.draw(st.integers(0, len(proof) - 1))
        proof[at : at + 1] = {"step": [flip(proof[at], bad)], "less": [], "width": [proof[at] + b"\0"]}[kind]
    with pytest.raises(ProofError):
        merkle.verify_inclusion(leaf, index, size, proof, root)


@given(pairs(), st.data())
def test_a_changed_consistency_proof_is_refused(pair: tuple[int, int], data: st.DataObject) -> None:
    old, new = pair
    proof, old_root, new_root = consistency(old, new), mth(0, old), mth(0, new)
    bad = data.draw(st.integers(0, 255))
    kind = data.draw(st.sampled_from(["old", "new", "step", "more", "less", "size"]))
    if kind == "old":
        old_root = flip(old_root, bad)
    elif kind == "new":
        new_root = flip(new_root, bad)
    elif kind == "more":
        proof = [*proof, LEAVES[0]]
    elif kind == "size":
        old = data.draw(st.integers(-1, new + 1).filter(lambda other: other != old))
    else:
        assume(proof)
        at = data.draw(st.integers(0, len(proof) - 1))
        proof[at : at + 1] = {"step": [flip(proof[at], bad)], "less": []}[kind]
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, old_root, new_root, proof)


def flip(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


def test_nothing_is_proven_from_an_empty_tree_or_backwards() -> None:
    for old, new in ((0, 0), (0, 5), (6, 5), (-1, 5)):
        with pytest.raises(ProofError):
            merkle.consistency_ranges(old, new)
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, new, merkle.EMPTY_ROOT, mth(0, 5), [])


def test_there_is_no_proof_of_a_leaf_outside_the_tree() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ProofError):
            merkle.inclusion_ranges(index, size)


def test_a_rewritten_leaf_breaks_consistency_with_every_tree_that_had_it() -> None:
    """A log that rewrites history cannot prove that it continues it (R-AUD-4)."""
    forged = [*LEAVES[:5], LEAVES[6], *LEAVES[6:40]]
    rows = merkle.rows_of(forged)
    for old in range(1, 40):
        proof = merkle.proof_from(merkle.consistency_ranges(old, 40), rows)
        new_root = merkle.root_of(forged)
        if old <= 5:
            merkle.verify_consistency(old, 40, mth(0, old), new_root, proof)
        else:
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, 40, mth(0, old), new_root, proof)


def decoded(vector: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(vector.read_text(encoding="utf-8"))
    for name in ("root", "root1", "root2", "leafHash"):
        tree[name] = b64decode(tree.get(name) or "")
    tree["proof"] = [b64decode(step) for step in tree["proof"] or []]
    return tree


def agrees(check: Any, arguments: tuple[Any, ...], *, refused: bool) -> None:  # noqa: ANN401 - any verifier
    if refused:
        with pytest.raises(ProofError):
            check(*arguments)
    else:
        check(*arguments)


@pytest.mark.parametrize("vector", vector_files("rfc6962/inclusion"))
def test_inclusion_agrees_with_transparency_dev(vector: Path) -> None:
    case = decoded(vector)
    arguments = (case["leafHash"], case["leafIdx"], case["treeSize"], case["proof"], case["root"])
    agrees(merkle.verify_inclusion, arguments, refused=case["wantErr"])


@pytest.mark.parametrize("vector", vector_files("rfc6962/consistency"))
def test_consistency_agrees_with_transparency_dev(vector: Path) -> None:
    case = decoded(vector)
    arguments = (case["size1"], case["size2"], case["root1"], case["root2"], case["proof"])
    agrees(merkle.verify_consistency, arguments, refused=case["wantErr"])


@pytest.mark.parametrize("vector", vector_files("rfc6962", "*/0/happy-path.json"))
def test_no_transparency_dev_vector_is_left_out(vector: Path) -> None:
    kind = vector.parent.parent.name
    assert len(vector_files(f"rfc6962/{kind}")) == 98
