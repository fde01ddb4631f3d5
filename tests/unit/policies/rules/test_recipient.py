"""Systems of somebody else."""

import pytest

from policies.vocabulary import ReasonCode
from tests.unit.policies.people import NEWSLETTER, NEWSLETTER_READ, decide, reasons, with_purpose


@pytest.mark.gdpr("13(1)(e)")
@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (("mail_house",), []),
        (("letter_shop",), [ReasonCode.RECIPIENT_NOT_ALLOWED]),
        ((), [ReasonCode.RECIPIENT_NOT_ALLOWED]),
    ],
)
def test_a_system_of_somebody_else_gets_only_what_its_owner_is_named_for(
    recipients: tuple[str, ...], expected: list[ReasonCode]
) -> None:
    """R-26/28-1, C-154/21."""
    assert reasons(decide(NEWSLETTER_READ, document=with_purpose(NEWSLETTER, recipients=recipients))) == expected
