"""Forms of single values in a document."""

from datetime import date

import pytest

from policies.forms import Part
from policies.purposes import Compatible


def assessed(assessment: str = "K-1", informed_from: str = "2026-11-01") -> Compatible:
    return Compatible.model_validate(
        {"purpose": "orders", "assessment": assessment, "informed_from": informed_from},
    )


@pytest.mark.parametrize(("length", "valid"), [(0, False), (1, True), (2, True), (2000, True), (2001, False)])
def test_a_text_says_something_and_is_no_book(length: int, *, valid: bool) -> None:
    assert assessed().assessment == "K-1"
    try:
        assert len(assessed("x" * length).assessment) == length
    except ValueError:
        assert not valid
    else:
        assert valid


@pytest.mark.parametrize("written", ["2026-11-1", "20261101", "1793491200", "tomorrow"])
def test_a_day_is_written_as_a_day(written: str) -> None:
    """A number would be read as seconds since 1970."""
    assert assessed().informed_from == date(2026, 11, 1)
    with pytest.raises(ValueError, match="a day is written as"):
        assessed(informed_from=written)


def test_a_part_is_not_changed_and_takes_no_key_that_nobody_declared() -> None:
    with pytest.raises(ValueError, match="frozen"):
        assessed().purpose = "news"  # type: ignore[misc]  # what is tested
    with pytest.raises(ValueError, match="Extra inputs"):
        Part.model_validate({"another": "something"})
