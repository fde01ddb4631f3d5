"""The canonical bytes of an entry against the public vectors of RFC 8785, as far as entries reach.

An entry holds texts, integers, lists and objects with ASCII keys: no fraction, no null, no truth value, and an
object outermost. Inside that, `canonical` writes what RFC 8785 asks.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.event import canonical
from tests.vectors import vector_files

INPUTS = "rfc8785/testdata/input"
WHOLE = {
    "french.json",  # its keys leave ASCII, but not the plane in which code points and UTF-16 sort alike
    "structures.json",  # 56.0 is read as the integer it is
    "unicode.json",
}
PARTS = {
    "values.json": ("string",),  # the other members are fractions, null and truth values
    "weird.json": ("\n", "\r", "1", "</script>"),  # keys beyond ASCII sort differently as UTF-16
}
NOT_USED = {"arrays.json"}  # a list outermost, with null and a truth value inside


def read(vector: Path) -> tuple[dict[str, object], str]:
    """A vector's tree and the canonical text expected of it."""
    tree = json.loads(vector.read_text(encoding="utf-8"), parse_float=lambda text: int(float(text)))
    return tree, bytes.fromhex(
        (vector.parents[1] / "outhex" / f"{vector.stem}.txt").read_text(encoding="utf-8")
    ).decode()


@pytest.mark.parametrize("vector", [one for name in sorted(WHOLE) for one in vector_files(INPUTS, name)])
def test_a_vector_that_an_entry_could_hold_is_written_to_the_letter(vector: Path) -> None:
    tree, expected = read(vector)
    assert canonical(tree).decode() == expected


@pytest.mark.parametrize("vector", [one for name in sorted(PARTS) for one in vector_files(INPUTS, name)])
def test_the_members_that_an_entry_could_hold_are_written_to_the_letter_and_in_order(vector: Path) -> None:
    tree, expected = read(vector)
    names = PARTS[vector.name]
    ours = canonical({name: tree[name] for name in names}).decode()
    members = sorted((canonical({name: tree[name]}).decode()[1:-1] for name in names), key=ours.index)
    places = [expected.find(member) for member in members]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("vector", vector_files(INPUTS))
def test_every_vector_is_used_or_has_a_reason_not_to_be(vector: Path) -> None:
    assert vector.name in WHOLE | PARTS.keys() | NOT_USED


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
keys = st.text(st.characters(max_codepoint=127), max_size=4)
scalars = texts | st.integers(-(2**53) + 1, 2**53 - 1)
inner = scalars | st.lists(scalars, max_size=3) | st.dictionaries(keys, scalars, max_size=3)
trees = st.dictionaries(keys, inner, max_size=4)


@given(trees)
def test_canonical_bytes_are_read_back_and_written_again_the_same(tree: dict[str, object]) -> None:
    written = canonical(tree)
    assert json.loads(written) == tree
    assert canonical(json.loads(written)) == written


@given(trees, st.data())
def test_the_order_in_which_members_were_added_does_not_show(tree: dict[str, object], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(list(tree.items())))
    assert canonical(dict(shuffled)) == canonical(tree)


def test_control_characters_are_written_as_rfc_8785_asks() -> None:
    """Section 3.2.2.2: two-letter escapes where there are such, lower-case hexadecimal digits elsewhere."""
    written = canonical({"a": '\b\t\n\f\r"\\\x00\x1f\x7f/\u2028é😀'})
    assert written == '{"a":"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f\x7f/\u2028é😀"}'.encode()


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical({"a": "\ud800"})
