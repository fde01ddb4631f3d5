"""Systems of somebody else."""

from datetime import UTC, date, datetime, timedelta

import pytest

from policies.decision import Deny
from policies.documents import PolicyDocument, Transfer
from policies.vocabulary import ReasonCode
from tests.unit.policies.people import NEWSLETTER, NEWSLETTER_READ, customer, decide, reasons, with_part, with_purpose

CONTRACT, ARRANGEMENT, ABROAD = ("GDPR Art. 28(3)",), ("GDPR Art. 26(1)",), ("GDPR Art. 44",)
LAST_DAY = date(2026, 11, 21)
MIDNIGHT_IN_GERMANY = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
INSTRUMENT = Transfer(instrument="standard_clauses", ref="SCC-1", until=LAST_DAY)


def owner(**changes: object) -> PolicyDocument:
    """The mailer's owner, whom the newsletter names, with something about them changed."""
    return with_part("recipients", "mail_house", None, **changes)


def cited(document: PolicyDocument, as_of: datetime = MIDNIGHT_IN_GERMANY) -> list[tuple[str, ...]]:
    decision = decide(NEWSLETTER_READ, customer(as_of=as_of), document)
    if not isinstance(decision, Deny):
        return []
    assert set(reasons(decision)) == {ReasonCode.RECIPIENT_NOT_ALLOWED}
    return [one.cites for one in decision.reasons]


@pytest.mark.gdpr("13(1)(e)")
@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (("mail_house",), []),
        (("letter_shop", "mail_house"), []),
        (("letter_shop",), [("GDPR Art. 13(1)(e)",)]),
        ((), [("GDPR Art. 13(1)(e)",)]),
    ],
)
def test_a_system_of_somebody_else_gets_only_what_its_owner_is_named_for(
    recipients: tuple[str, ...], expected: list[tuple[str, ...]]
) -> None:
    """R-26/28-1, C-154/21."""
    assert cited(with_purpose(NEWSLETTER, recipients=recipients)) == expected


def test_an_owner_whom_the_document_does_not_describe_gets_nothing() -> None:
    document = with_part("clients", "mailer", recipient="stranger")
    assert cited(with_purpose(NEWSLETTER, document, recipients=("stranger",))) == [("GDPR Art. 13(1)(e)",)]


@pytest.mark.gdpr("28(3)")
@pytest.mark.parametrize(
    ("role", "expected"),
    [("processor", [CONTRACT]), ("joint", [ARRANGEMENT]), ("controller", []), ("authority", [])],
)
def test_who_processes_for_the_company_or_with_it_needs_a_contract(role: str, expected: list[tuple[str, ...]]) -> None:
    """R-26/28-1: another controller answers for themselves."""
    assert cited(owner(role=role, contract=None, contract_until=None)) == expected
    assert cited(owner(role=role, contract_until=None)) == []


@pytest.mark.gdpr("44")
@pytest.mark.parametrize(
    ("third_country", "transfer", "expected"),
    [
        (True, None, [ABROAD]),
        (True, INSTRUMENT.model_copy(update={"until": None}), []),
        (False, None, []),
    ],
)
def test_data_goes_abroad_only_under_an_instrument(
    third_country: bool,  # noqa: FBT001 - a column
    transfer: Transfer | None,
    expected: list[tuple[str, ...]],
) -> None:
    assert cited(owner(third_country=third_country, transfer=transfer)) == expected


def test_a_missing_contract_and_a_missing_instrument_are_both_told() -> None:
    assert cited(owner(contract=None, contract_until=None, third_country=True)) == [CONTRACT, ABROAD]


@pytest.mark.gdpr("28(3)")
@pytest.mark.parametrize(
    ("as_of", "runs"),
    [
        (MIDNIGHT_IN_GERMANY - timedelta(days=40), True),
        (MIDNIGHT_IN_GERMANY - timedelta(milliseconds=1), True),
        (MIDNIGHT_IN_GERMANY, False),
        (MIDNIGHT_IN_GERMANY + timedelta(days=1), False),
        (MIDNIGHT_IN_GERMANY + timedelta(days=40), False),
    ],
)
def test_contract_and_instrument_end_with_their_last_day_in_germany(
    as_of: datetime,
    runs: bool,  # noqa: FBT001 - a column
) -> None:
    for role, cites in [("processor", CONTRACT), ("joint", ARRANGEMENT)]:
        assert cited(owner(role=role, contract_until=LAST_DAY), as_of) == ([] if runs else [cites])
    assert cited(owner(third_country=True, transfer=INSTRUMENT), as_of) == ([] if runs else [ABROAD])
    both = owner(contract_until=LAST_DAY, third_country=True, transfer=INSTRUMENT)
    assert cited(both, as_of) == ([] if runs else [CONTRACT, ABROAD])
