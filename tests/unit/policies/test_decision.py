"""What a calling system may be told about a refusal."""

from datetime import date

import pytest

from policies.decision import Deny, Permit, Reason, alone, codes_for_caller, for_caller
from policies.facts import AccessRequest, Restriction
from policies.vocabulary import Category, Channel, FieldName, Operation, ReasonCode
from tests.unit.policies.people import NEWSLETTER, RECOMMENDATION_READ, ask, customer, decide, objection

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
        *(([ReasonCode.QUOTA, code], [ReasonCode.QUOTA]) for code in ReasonCode if code is not ReasonCode.QUOTA),
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
    assert [reason.code for reason in told] == [ReasonCode.OBJECTION, ReasonCode.NOT_PERMITTED]
    assert "MINOR" not in str(told)


def test_no_ground_stays_no_ground() -> None:
    assert for_caller(()) == ()


VISIBLE = [code for code in ReasonCode if code not in {*HIDDEN, ReasonCode.NOT_PERMITTED}]


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize("visible", VISIBLE, ids=str)
def test_neither_order_nor_number_tells_one_hidden_ground_from_another(visible: ReasonCode) -> None:
    """Each hidden ground, and all of them, beside another ground in the order of the checks."""
    beside = Reason(visible, ("GDPR Art. 6",))
    found = set()
    for hidden in [*({code} for code in HIDDEN), HIDDEN]:
        grounds = [beside, *(Reason(code, (code.value,)) for code in hidden)]
        found.add(for_caller(tuple(sorted(grounds, key=lambda one: list(ReasonCode).index(one.code)))))
    assert found == {(beside, Reason(ReasonCode.NOT_PERMITTED, ("GDPR Art. 5(1)(c)",)))}


YOUNG: dict[str, object] = {"majority_month": date(2030, 11, 1)}
RESTRICTED: dict[str, object] = {"restrictions": (Restriction(None, None),)}
BY_MAIL = ask("mailer", NEWSLETTER, "email", "first_name", channel=Channel.EMAIL, operation=Operation.CONTACT)


CONTESTED: dict[str, object] = {"restrictions": (Restriction(Category.MASTER, FieldName("email")),)}


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize("fields", [("email", "first_name"), ("first_name", "street", "email")])
def test_a_child_is_not_to_be_contacted_like_somebody_who_contests_the_address(fields: tuple[str, ...]) -> None:
    """The whole answer and each field, in order."""
    contact = ask("mailer", NEWSLETTER, *fields, channel=Channel.EMAIL, operation=Operation.CONTACT)
    told = {_told(decide(contact, customer(**facts))) for facts in (YOUNG, CONTESTED, YOUNG | CONTESTED)}
    assert len(told) == 1


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize(
    "besides",
    [{}, {"permissions": ()}, {"objections": (objection(),)}, {"permissions": (), "objections": None}, {"items": None}],
    ids=lambda besides: " ".join(besides) or "nothing",
)
@pytest.mark.parametrize("request_", [ask("mailer", NEWSLETTER, "email", "street"), BY_MAIL, RECOMMENDATION_READ])
def test_a_child_is_answered_like_somebody_whose_data_is_restricted(
    request_: AccessRequest, besides: dict[str, object]
) -> None:
    """The whole answer and each field, in order."""
    told = {_told(decide(request_, customer(**facts, **besides))) for facts in (YOUNG, RESTRICTED, YOUNG | RESTRICTED)}
    assert len(told) == 1
    assert "NOT_PERMITTED" in str(told)


def _told(decision: Permit | Deny) -> object:
    assert isinstance(decision, Deny)
    return for_caller(decision.reasons), tuple((one.field, for_caller(one.reasons)) for one in decision.withheld)


def test_codes_are_told_like_reasons() -> None:
    codes = (ReasonCode.RESTRICTED, ReasonCode.OBJECTION, ReasonCode.MINOR, ReasonCode.QUOTA)
    assert codes_for_caller(codes) == (ReasonCode.OBJECTION, ReasonCode.QUOTA, ReasonCode.NOT_PERMITTED)
