"""A finding names the line that is to blame, or the nearest one around it."""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError

import pytest

from policies.findings import Fault, Finding, PolicyDocumentError, line_of, requires

LINES = {("purposes",): 10, ("purposes", "news"): 20, ("purposes", "news", "basis", "master"): 30}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("purposes", "news", "basis", "master"), 30),
        (("purposes", "news", "basis", "master", "article"), 30),
        (("purposes", "news", "basis"), 20),
        (("purposes", "news", "notice", "de"), 20),
        (("purposes", "news", "notice", "de", "0"), 20),
        (("purposes", "letters"), 10),
        (("purposes", "letters", "lia", "ref"), 10),
        (("fields", "email"), 0),
        ((), 0),
    ],
)
def test_the_innermost_part_that_stands_in_the_file_is_to_blame(path: tuple[str, ...], line: int) -> None:
    assert line_of(path, LINES) == line


def test_a_line_is_named_where_there_is_one() -> None:
    assert str(Finding(7, "R-13-1", "no notice")) == "line 7: no notice"
    assert str(Finding(1, "", "no mapping")) == "line 1: no mapping"
    assert str(Finding(0, "", "too large")) == "too large"


@pytest.mark.gdpr("24(1)")
def test_a_check_says_where_what_and_by_which_law() -> None:
    @requires("R-13-1", "Art. 13(1) GDPR")
    def without_notice(names: list[str]) -> Iterator[Fault]:
        yield from (Fault(("purposes", name), f"purpose {name}: no notice") for name in names)

    assert list(without_notice.findings(["news", "letters"], LINES)) == [
        Finding(20, "R-13-1", "purpose news: no notice (Art. 13(1) GDPR; R-13-1)"),
        Finding(10, "R-13-1", "purpose letters: no notice (Art. 13(1) GDPR; R-13-1)"),
    ]
    with pytest.raises(FrozenInstanceError):
        without_notice.rule = "R-0"  # type: ignore[misc]  # what is tried


def test_an_error_carries_every_finding_the_first_lines_first() -> None:
    late, early = Finding(9, "", "late"), Finding(2, "", "early")
    assert PolicyDocumentError(late, early).findings == (early, late)
    assert PolicyDocumentError(late, early).line == 2
    assert str(PolicyDocumentError(late, early)) == "line 2: early\nline 9: late"
    assert (
        str(PolicyDocumentError(late, early, name="ours.yaml")) == "ours.yaml, line 2: early\nours.yaml, line 9: late"
    )
