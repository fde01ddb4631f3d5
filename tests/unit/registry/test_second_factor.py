"""Codes are those of RFC 6238."""

import pytest

from registry.second_factor import code_at, matching_step

SECRET = b"12345678901234567890"  # RFC 6238, Appendix B


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_the_last_six_digits_of_the_standards_own(second: int, code: str) -> None:
    assert code_at(SECRET, second // 30) == code


@pytest.mark.parametrize(("away", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_in_its_own_half_minute_and_the_neighbouring_ones(*, away: int, counts: bool) -> None:
    now = 55_555_555
    assert (matching_step(SECRET, code_at(SECRET, now + away), now) == now + away) == counts


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "abcdef"])  # noqa: RUF001 - digits of another script
def test_what_is_no_code_matches_no_step(code: str) -> None:
    assert matching_step(SECRET, code, 1) is None
