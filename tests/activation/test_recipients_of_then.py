"""Who got data is named as they were when they got it, whatever the policy says about them since. R-15.1c-1."""

from pathlib import Path

import pytest

from registry.activation import Taken, advise, decide, propose, review
from registry.export import access_package
from tests.activation.test_trust import in_words_of
from tests.boards import Board, board_of, document
from tests.house import CONSOLE, House, open_house, settings_for

pytestmark = pytest.mark.gdpr("15(1)(c)")
CLIENT = "  mailer:\n    title: {de: Newsletter-Versand, en: Newsletter dispatch}\n    purposes: [newsletter]\n"
COMPANY = "    name: Beispiel Mailversand GmbH\n    address: Musterstraße 5, 50667 Köln\n"
CHANGES = {
    "the client is gone": (f"{CLIENT}    recipient: mail_house\n", ""),
    "the system is the controller's own now": (f"{CLIENT}    recipient: mail_house\n", CLIENT),
    "another company has the code": (COMPANY, "    name: Neuer Versand GmbH\n    address: Musterweg 1, 10115 Berlin\n"),
}


async def force(board: Board, source: bytes) -> None:
    """Put a document in force, whatever the gates would say of its notices."""
    assert isinstance(await propose(board.registry, board.author, source, lambda *_: ()), Taken)
    assert isinstance(await review(board.registry, board.legal, source, objects=False), Taken)
    assert isinstance(await advise(board.registry, board.dpo, source, objects=False), Taken)
    signed = await board.sign(source)
    outcome = await decide(board.registry, board.decider, source, signed, lambda *_: (), accepts=True)
    assert isinstance(outcome, Taken)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_becomes_of_a_client_later_changes_nothing_about_who_got_data(
    house: House, change: tuple[str, str]
) -> None:
    subject = await house.customer(newsletter=True)
    for _ in range(2):
        await house.read("mailer", "newsletter", ["email"], subject)
    before = await access_package(house.registry, CONSOLE, subject)
    await force(await board_of(house), document("2", change))
    after = await access_package(house.registry, CONSOLE, subject)
    assert after["recipients"] == before["recipients"]
    (one,) = after["recipients"]
    assert (one["name"], one["address"], one["count"]) == (
        "Beispiel Mailversand GmbH",
        "Musterstraße 5, 50667 Köln",
        2,
    )
    told = [
        [(line["recipient"], line["fields"]) for line in package["accesses"] if line["operation"] == "disclose"]
        for package in (before, after)
    ]
    assert told[0] == told[1] == [("Beispiel Mailversand GmbH", ("email",))] * 2


async def test_who_got_data_before_and_after_a_company_was_replaced_is_told_apart(house: House) -> None:
    subject = await house.customer(newsletter=True)
    await house.read("mailer", "newsletter", ["email"], subject)
    await force(await board_of(house), document("2", CHANGES["another company has the code"]))
    await house.read("mailer", "newsletter", ["email"], subject)
    told = (await access_package(house.registry, CONSOLE, subject))["recipients"]
    assert [(one["name"], one["count"]) for one in told] == [
        ("Beispiel Mailversand GmbH", 1),
        ("Neuer Versand GmbH", 1),
    ]


async def test_whoever_got_data_under_a_document_that_is_broken_now_is_told_by_code(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
        subject = await house.customer(newsletter=True)
        await house.read("mailer", "newsletter", ["email"], subject)
        await (await board_of(house)).put_in_force(document("2"))
    broken = "update policy_version set document = document || {blank} where version = '2026-11-01'"
    await house.as_owner(in_words_of(house, broken))
    async with open_house(settings) as registry:
        told = (await access_package(registry, CONSOLE, subject))["recipients"]
        assert ("mailer", 1) in [(one["name"], one["count"]) for one in told]
