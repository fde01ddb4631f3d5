"""What a stolen table of password hashes costs to guess (R-ENC-6)."""

import pytest

from registry.errors import InvalidValueError
from registry.passwords import hash_password, matches
from tests.sharing import OF_THE_PRODUCT


def test_a_guess_costs_nineteen_mebibytes_and_two_passes() -> None:
    assert str(OF_THE_PRODUCT.hash("x" * 12)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_the_password_fits_and_nobodys_hash_fits_nothing() -> None:
    hashed = hash_password("correct horse")
    assert matches("correct horse", hashed)
    assert not matches("correct horsf", hashed)
    assert not matches("nobody's", None)


@pytest.mark.parametrize("length", [11, 1025])
def test_a_password_has_twelve_to_1024_characters(length: int) -> None:
    with pytest.raises(InvalidValueError, match="12 to 1024"):
        hash_password("x" * length)
