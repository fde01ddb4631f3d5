"""A file is read as plain text with the line of every key and item, and what YAML could hide is refused on its line."""

import pytest

from policies.findings import PolicyDocumentError
from policies.yaml_source import read

PLAIN = """\
# a comment
shop:
  name: Kleiner Laden

  open: [mo, tu,
         {day: we, till: "12:30"}]
  closed:
    - su
    -
      day: mo
"""


UNSEEN = "control and format characters are not allowed"
NOT_SEEN = ("\x00", "\x07", "\x1b", "\x7f", "\x85", "\xad", "\u200b", "\u200d", "\u202e", "\u2028", "\u2029", "\ufeff")


def refused(source: str) -> list[tuple[int, str]]:
    with pytest.raises(PolicyDocumentError) as caught:
        read(source.encode())
    assert {finding.rule for finding in caught.value.findings} == {""}
    return [(finding.line, finding.message) for finding in caught.value.findings]


def test_every_key_and_item_has_its_line() -> None:
    source = read(PLAIN.encode())
    assert source.tree == {
        "shop": {
            "name": "Kleiner Laden",
            "open": ["mo", "tu", {"day": "we", "till": "12:30"}],
            "closed": ["su", {"day": "mo"}],
        }
    }
    assert source.lines == {
        ("shop",): 2,
        ("shop", "name"): 3,
        ("shop", "open"): 5,
        ("shop", "open", "0"): 5,
        ("shop", "open", "1"): 5,
        ("shop", "open", "2"): 6,
        ("shop", "open", "2", "day"): 6,
        ("shop", "open", "2", "till"): 6,
        ("shop", "closed"): 7,
        ("shop", "closed", "0"): 8,
        ("shop", "closed", "1"): 10,
        ("shop", "closed", "1", "day"): 10,
    }


def test_a_key_without_a_value_is_an_empty_text() -> None:
    assert read(b"a:\nb: ''\n? c\n").tree == {"a": "", "b": "", "c": ""}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", [(3, "duplicate key 'a', it stands on line 1 already")]),
        (
            "a: 1\nb: {a: 2,\n  c: 3,\n  c: 4}\na: 3\na: 5\n",
            [
                (4, "duplicate key 'c', it stands on line 3 already"),
                (5, "duplicate key 'a', it stands on line 1 already"),
                (6, "duplicate key 'a', it stands on line 1 already"),
            ],
        ),
        ("a: &one 1\nb: 2\nc: *one\n", [(n, "anchors and aliases are not allowed") for n in (1, 3)]),
        ("a: 1\nb: !!str 2\nc: [!x 3]\n", [(2, "tags are not allowed"), (3, "tags are not allowed")]),
        ("a: 1\n&b b: !!int 2\n", [(2, "anchors and aliases are not allowed"), (2, "tags are not allowed")]),
        ("a: 1\nb: !!map {}\n", [(2, "tags are not allowed")]),
        ("a: 1\nb: &b []\n", [(2, "anchors and aliases are not allowed")]),
        ("a: 1\n[b]: 2\n", [(2, "keys are plain words")]),
        ("a: 1\n? {b: 1}\n: 2\n", [(2, "keys are plain words")]),
        ("a: &one 1\n[b]: 2\n", [(1, "anchors and aliases are not allowed"), (2, "keys are plain words")]),
        ("a: 1\n---\nb: 2\n", [(2, "one file holds one document")]),
        ("---\na: !x 1\n---\n---\nb: 2\n", [(2, "tags are not allowed"), (3, "one file holds one document")]),
        ("a: 1\nb: c: d\n", [(2, "not readable as YAML")]),
        ("a: !x 1\nb: c: d\n", [(1, "tags are not allowed"), (2, "not readable as YAML")]),
        ("- a\n- b\n", [(1, "the document is a mapping")]),
        ("\n\nword\n", [(1, "the document is a mapping")]),
        ("", [(1, "the document is a mapping")]),
        ("\n- &a b\n", [(1, "the document is a mapping"), (2, "anchors and aliases are not allowed")]),
    ],
)
def test_what_yaml_could_hide_is_told_with_its_line(source: str, found: list[tuple[int, str]]) -> None:
    assert refused(source) == found


def test_one_document_may_begin_and_end_like_one() -> None:
    assert read(b"%YAML 1.1\n---\na: 1\n...\n").tree == {"a": "1"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{b: ", "}")])
def test_depth_is_bounded_where_it_goes_too_far(opening: str, closing: str) -> None:
    """Twelve levels, of which the document itself is the first; what is closed again is no depth."""
    deep = "a: " + opening * 11 + closing * 11 + "\n"
    assert read((deep + deep.replace("a", "c")).encode()).tree.keys() == {"a", "c"}
    too_deep = "\n" + deep.replace("a: ", f"a: {opening}\n").replace("\n\n", "\n")
    assert refused(too_deep) == [(3, "nested too deeply")]


@pytest.mark.parametrize(
    ("source", "line", "byte"), [(b"\xff", 1, 0), (b"\n\xff", 2, 1), (b"a: 1\nb: 2\nc: \xe4\n", 3, 13)]
)
def test_another_encoding_is_told_with_line_and_byte(source: bytes, line: int, byte: int) -> None:
    with pytest.raises(PolicyDocumentError) as caught:
        read(source)
    assert str(caught.value) == f"line {line}: not UTF-8 at byte {byte}"


def test_what_is_no_text_at_all_is_refused_as_a_whole() -> None:
    assert refused("a: \ufffe\n") == [(0, "not readable as YAML")]


@pytest.mark.parametrize("character", NOT_SEEN, ids=ascii)
@pytest.mark.parametrize("line", ["a: {}b", "a: b # {}", "# {}", "a{}: b", "{}a: b", 'a: "{}"', "a: [b, {}c]"])
def test_what_nobody_sees_is_refused_with_its_line(line: str, character: str) -> None:
    """Two documents that look the same would have different hashes, or a line would read backwards."""
    assert refused(f"x: y\n{line.format(character)}\nz: \u202e\n") == [(2, UNSEEN)]


@pytest.mark.parametrize("escape", ["\\0", "\\a", "\\r", "\\x7f", "\\u200b", "\\u202E", "\\N", "\\L", "\\u00ad"])
@pytest.mark.parametrize("line", ['a: "{}b"', '"{}a": b', 'a: [b, "{}"]'])
def test_nor_is_it_let_in_by_an_escape(line: str, escape: str) -> None:
    written = line.format(escape)
    assert refused(f"x: y\n{written}\n") == [(2, UNSEEN)]


def test_line_ends_tabs_blanks_and_letters_of_any_script_are_seen() -> None:
    source = "a: |\r\n  one\r\n  two\r\nb: 'c\td'\r\ne: \"f\\ng\\th\"\r\ni: Łukasz Çelik Ωμέγα 李 👍\u00a0§\r\n"
    assert read(source.encode()).tree == {
        "a": "one\ntwo\n",
        "b": "c\td",
        "e": "f\ng\th",
        "i": "Łukasz Çelik Ωμέγα 李 👍\u00a0§",
    }
