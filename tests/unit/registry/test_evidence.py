"""Which declaration a permit names as its proof: the one that stands, whatever was declared beside it or later."""

from datetime import datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from policies.decision import Permit
from policies.facts import AccessRequest
from policies.vocabulary import Category, Channel, ConsentState
from registry.decisions import evidence_of
from registry.disclosure import FRESH_SECONDS
from registry.errors import NotReadyError
from registry.migrations import async_url
from registry.past import Known
from registry.tables import ConsentEventRow
from tests.house import House
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    RECOMMENDATION_READ,
    customer,
    days,
    decide,
)

GIVEN, RENEWED, WITHDRAWN = ConsentState.GIVEN, ConsentState.RENEWED, ConsentState.WITHDRAWN
EMAIL, PHONE, ANY = Channel.EMAIL, Channel.PHONE, Channel.ANY
Declared = tuple[Channel, ConsentState, float, float]


def said(channel: Channel, state: ConsentState, ago: float, entered_ago: float | None = None) -> Declared:
    """What was declared so many days ago, and when it was entered."""
    return channel, state, ago, ago if entered_ago is None else entered_ago


STANDS = [
    ("another channel, withdrawn", 0, [said(EMAIL, GIVEN, 9), said(PHONE, GIVEN, 8), said(PHONE, WITHDRAWN, 7)]),
    ("another channel, standing", 0, [said(EMAIL, GIVEN, 9), said(PHONE, GIVEN, 8)]),
    ("for every channel", 0, [said(ANY, GIVEN, 9), said(PHONE, WITHDRAWN, 8)]),
    ("for every channel, later", 1, [said(EMAIL, GIVEN, 9), said(ANY, GIVEN, 8)]),
    ("given again", 2, [said(EMAIL, GIVEN, 9), said(ANY, WITHDRAWN, 8), said(EMAIL, GIVEN, 7)]),
    ("entered out of order", 1, [said(EMAIL, RENEWED, 9), said(EMAIL, RENEWED, 6), said(EMAIL, RENEWED, 8)]),
    ("of one instant the last", 1, [said(EMAIL, GIVEN, 9), said(ANY, GIVEN, 9)]),
    ("taking effect later", 0, [said(EMAIL, GIVEN, 9), said(EMAIL, RENEWED, -1, 2)]),
    ("asked again", 0, [said(EMAIL, GIVEN, 9), said(EMAIL, ConsentState.REQUESTED, 8)]),
    ("withdrawn since", None, [said(EMAIL, GIVEN, 9), said(EMAIL, WITHDRAWN, 8)]),
    ("nothing on file", None, []),
]


async def history(house: House, subject_id: UUID, declared: list[Declared], **others: object) -> list[UUID]:
    """Events as they stand in the table; their ids in this order."""
    ids = [uuid4() for _ in declared]
    rows = [
        {
            "subject_id": subject_id,
            "sequence": number,
            "event_id": id_,
            "purpose": NEWSLETTER,
            "channel": channel.value,
            "state": state.value,
            "effective_at": days(ago),
            "recorded_at": days(entered_ago),
            "explicit": True,
            "expires_at": None,
            **dict.fromkeys(("method", "touchpoint", "source", "notice", "notice_version"), ""),
            **dict.fromkeys(("notice_language", "notice_sha256", "parental_act", "parental_verification"), ""),
            **others,
        }
        for number, (id_, (channel, state, ago, entered_ago)) in enumerate(zip(ids, declared, strict=True), start=1)
    ]
    engine = create_async_engine(async_url(house.owner_url))
    try:
        async with engine.begin() as connection:
            if rows:
                await connection.execute(insert(ConsentEventRow.__table__), rows)  # type: ignore[attr-defined]  # SQLModel sets it
    finally:
        await engine.dispose()
    return ids


def permit(request: AccessRequest, subject_id: UUID, as_of: datetime = NOW) -> Permit:
    decision = decide(request, customer(subject_id=subject_id, as_of=as_of))
    assert isinstance(decision, Permit)
    return decision


@pytest.mark.gdpr("7(1)")
async def test_a_permit_names_the_declaration_that_stands(house: House) -> None:
    permits, expected = [], {}
    for says, place, declared in STANDS:
        subject_id = uuid4()
        ids = await history(house, subject_id, declared)
        permits.append(permit(NEWSLETTER_READ, subject_id))
        expected[subject_id] = (says, {} if place is None else {Category.MASTER: ids[place]})
    found = await evidence_of(house.registry, NEWSLETTER_READ, permits)
    assert {id_: (says, found[id_]) for id_, (says, _) in expected.items()} == expected


@pytest.mark.gdpr("7(1)")
async def test_what_was_entered_later_proves_only_as_known_now(house: House) -> None:
    """R-7.3-4."""
    subject_id = uuid4()
    first, late = await history(house, subject_id, [said(EMAIL, GIVEN, 9), said(EMAIL, RENEWED, 5, 1)])
    asked_at = permit(NEWSLETTER_READ, subject_id, days(2))
    for known, event in ((Known.THEN, first), (Known.NOW, late)):
        found = await evidence_of(house.registry, NEWSLETTER_READ, [asked_at], known)
        assert found == {subject_id: {Category.MASTER: event}}


async def test_each_category_names_its_own_and_other_bases_name_none(house: House) -> None:
    subject_id = uuid4()
    (event,) = await history(house, subject_id, [said(ANY, GIVEN, 9)], purpose=RECOMMENDATION_READ.purpose)
    decision = permit(RECOMMENDATION_READ, subject_id)
    found = await evidence_of(house.registry, RECOMMENDATION_READ, [decision])
    assert found == {subject_id: dict.fromkeys(decision.bases, event)}
    ordered = permit(ORDER_READ, subject_id)
    assert await evidence_of(house.registry, ORDER_READ, [ordered]) == {}


async def test_a_refusal_has_no_proof(house: House) -> None:
    refused = decide(NEWSLETTER_READ, customer(permissions=()))
    assert await evidence_of(house.registry, NEWSLETTER_READ, [refused]) == {}


async def test_what_took_too_long_to_prove_is_not_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided more than a second ago is no answer any more."""
    subject_id = uuid4()
    await history(house, subject_id, [said(EMAIL, GIVEN, 9)])
    moments = iter([0.0, FRESH_SECONDS, 0.0, FRESH_SECONDS + 0.001])
    monkeypatch.setattr("registry.decisions.time", SimpleNamespace(monotonic=lambda: next(moments)))
    asked = [permit(NEWSLETTER_READ, subject_id)]
    assert await evidence_of(house.registry, NEWSLETTER_READ, asked)
    with pytest.raises(NotReadyError):
        await evidence_of(house.registry, NEWSLETTER_READ, asked)
