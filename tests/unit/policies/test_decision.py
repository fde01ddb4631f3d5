"""What a calling system may be told about a refusal."""

import pytest

from policies.decision import Reason, alone, for_caller
from policies.vocabulary import ReasonCode

HIDDEN = {ReasonCode.RESTRICTED, ReasonCode.MINOR}


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize("code", list(ReasonCode), ids=str)
def test_restriction_and_minority_are_told_as_not_permitted(code: ReasonCode) -> None:
    """REQUIREMENTS 2.2: MINOR or RESTRICTED told to a mailer is a disclosure."""
    told = for_caller((Reason(code, ("GDPR Art. 6",)),))
    assert [reason.code for reason in told] == [ReasonCode.NOT_PERMITTED if code in HIDDEN else code]


@pytest.mark.gdpr("32")
@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], []),
        ([ReasonCode.CONSENT_MISSING, ReasonCode.MINOR], [ReasonCode.CONSENT_MISSING, ReasonCode.MINOR]),
        ([ReasonCode.QUOTA], [ReasonCode.QUOTA]),
        ([ReasonCode.CONSENT_MISSING, ReasonCode.QUOTA], [ReasonCode.QUOTA]),
        ([ReasonCode.MINIMISED, ReasonCode.QUOTA, ReasonCode.MINOR], [ReasonCode.QUOTA]),
    ],
)
def test_of_whom_the_number_of_people_leaves_out_nothing_else_is_told(
    found: list[ReasonCode], told: list[ReasonCode]
) -> None:
    assert [reason.code for reason in alone(tuple(Reason(code, ()) for code in found))] == told


def test_two_hidden_grounds_look_like_one() -> None:
    grounds = tuple(
        Reason(code, (code.value,)) for code in (ReasonCode.MINOR, ReasonCode.OBJECTION, ReasonCode.RESTRICTED)
    )
    told = for_caller(grounds)
    assert [reason.code for reason in told] == [ReasonCode.NOT_PERMITTED, ReasonCode.OBJECTION]
    assert "MINOR" not in str(told)


def test_no_ground_stays_no_ground() -> None:
    assert for_caller(()) == ()
