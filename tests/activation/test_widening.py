"""Who consented before a purpose grew wider consented to what the text said then, on both engines. R-6.1-2."""

from dataclasses import replace
from hashlib import sha256

import pytest

from policies.notices import NoticeText
from policies.vocabulary import ReasonCode
from registry.activation import NotTaken, Taken
from registry.disclosure import Disclosed, Refused
from registry.notices import current
from tests.boards import board_of, document
from tests.house import House
from tests.unit.policies.test_catalogue import notices

pytestmark = pytest.mark.gdpr("7(1)")
FIELDS = "      master: [email, salutation, first_name, last_name, language]"
WIDER = (FIELDS, FIELDS.replace("[email,", "[email, phone,"))
TEXT = "    notice: newsletter_consent\n"


def counting(*versions: str) -> tuple[str, str]:
    named = ", ".join(f"newsletter_consent/{version}" for version in versions)
    return (TEXT, f"{TEXT}    consent_texts: [{named}]\n")


def longer() -> tuple[NoticeText, ...]:
    """The texts with a newsletter consent of another day, in other words."""
    return tuple(
        with_words(replace(one, version="2027-02-01"), "\n\nAuch per Telefon.")
        if one.id == "newsletter_consent"
        else one
        for one in notices()
    )


def with_words(notice: NoticeText, more: str) -> NoticeText:
    text = notice.text + more
    return replace(notice, text=text, sha256=sha256(text.encode()).hexdigest())


async def test_a_consent_covers_what_its_text_said(house: House) -> None:
    board = await board_of(house)
    earlier = await house.customer(newsletter=True)
    assert isinstance(await board.propose(document("2", WIDER)), NotTaken), "no text speaks of it"
    board.texts = longer()
    assert isinstance(await board.propose(document("2", WIDER)), NotTaken), "older declarations would count"
    await board.put_in_force(document("2", WIDER, counting("2027-02-01")))
    assert "2027-02-01" in {one.version for one in await current(house.registry, "newsletter")}
    refused = await house.read("mailer", "newsletter", ["email", "phone"], earlier)
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.deny.reasons] == [ReasonCode.CONSENT_MISSING]
    asked_again = await house.customer(newsletter=True)
    read = await house.read("mailer", "newsletter", ["email", "phone"], asked_again)
    assert isinstance(read, Disclosed)
    assert set(read.values) == {"email", "phone"}
    for again in [document("3", WIDER), document("3", WIDER, counting("2026-11-01", "2027-02-01"))]:
        assert isinstance(await board.propose(again), NotTaken), "they said nothing more since"
    assert isinstance(await board.propose(document("3", counting("2027-02-01"))), Taken)


async def test_a_document_and_its_texts_come_into_force_together(house: House) -> None:
    """R-7.1-1: what was published under a version stays as it is, or nothing changes at all."""
    board = await board_of(house)
    board.texts = tuple(with_words(one, "!") for one in notices())
    outcome = await board.propose(document("2"))
    assert isinstance(outcome, NotTaken)
    assert {finding.rule for finding in outcome.findings} == {"R-7.1-1"}
    before = await current(house.registry)
    board.texts = longer()
    await board.to_advised(document("2"))
    assert await current(house.registry) == before
    assert isinstance(await board.decide(document("2")), Taken)
    shown = {one.version for one in await current(house.registry, "newsletter") if one.notice != "privacy_notice"}
    assert shown == {"2027-02-01"}
