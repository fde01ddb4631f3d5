"""An event with a reference is stored once, however often it arrives, and never replaced by something else."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.demo.people import iter_customers
from registry.events import event_id_of
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA, read
from tests.http.v1.test_imports import send

EVENT: dict[str, Any] = {
    "event_ref": "order-7",
    "kind": "purchase",
    "occurred_at": "2026-10-01T09:00:00.123456Z",
    "collected_for": "order_fulfilment",
    "payload": {"amount": "49.90", "items": ["socks", "scarf"]},
}
REORDERED = {**EVENT, "payload": {"items": ["socks", "scarf"], "amount": "49.90"}}


async def post(api: Api, subject: UUID, *events: dict[str, Any], client: str = "shop") -> tuple[int, dict[str, Any]]:
    response = await api.post(client, f"/v1/subjects/{subject}/events", {"events": list(events)})
    return response.status_code, response.json()


async def bought(api: Api, subject: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await read(api, str(subject), "purchases"))["purchases"] or []
    return found


@pytest.mark.gdpr("5(1)(d)")
async def test_the_same_event_again_is_answered_as_already_stored(api: Api) -> None:
    subject = await api.house.customer()
    status, first = await post(api, subject, EVENT)
    assert (status, first["statuses"]) == (201, ["stored"])
    for again in (EVENT, REORDERED):
        status, told = await post(api, subject, again)
        assert (status, told) == (200, {"event_ids": first["event_ids"], "statuses": ["unchanged"]})
    status, told = await post(api, subject, EVENT, {**EVENT, "event_ref": "order-8"})
    assert (status, told["statuses"]) == (201, ["unchanged", "stored"])
    assert len(await bought(api, subject)) == 2


CHANGES: list[dict[str, Any]] = [
    {"payload": {"amount": "49.91", "items": ["socks", "scarf"]}},
    {"payload": {"amount": 49.9, "items": ["socks", "scarf"]}},
    {"occurred_at": "2026-10-01T09:00:01Z"},
    {"touchpoint": "hotline"},
    {"origin": "provided"},
    {"kind": "invoice"},
]


async def test_another_event_under_the_same_reference_is_refused_and_listed(api: Api) -> None:
    """R-5.1d-1: what was recorded is not replaced; whoever sent it can look it up."""
    subject = await api.house.customer()
    await post(api, subject, EVENT)
    new = {**EVENT, "event_ref": "order-8"}
    for changes in CHANGES:
        status, problem = await post(api, subject, new, {**EVENT, **changes})
        assert (status, problem["type"]) == (409, "/problems/event-conflict"), changes
        assert problem["errors"] == [{"pointer": "/events/1/event_ref", "code": "event-conflict"}]
    assert len(await bought(api, subject)) == 1, "all or none"
    listed = (await api.get("shop", "/v1/conflicts")).json()["conflicts"]
    assert {one["kind"] for one in listed} == {"changed_event"}
    assert [one["about"] for one in listed] == ["invoices", *["purchases"] * 5]
    *refused, stored = await api.log("event-add")
    assert {(one["out"], *one["why"], "cts" in one) for one in refused} == {("deny", "changed_event", False)}
    assert stored["out"] == "done"


async def test_without_a_reference_every_event_is_a_new_one(api: Api) -> None:
    subject = await api.house.customer()
    plain = {name: value for name, value in EVENT.items() if name != "event_ref"}
    for _ in range(2):
        status, _told = await post(api, subject, plain, plain)
        assert status == 201
    assert len(await bought(api, subject)) == 4


async def test_a_reference_counts_for_one_person_and_one_client(api: Api) -> None:
    anna, berta = await api.house.customer("A-1"), await api.house.customer("B-1")
    for subject, client in ((anna, "shop"), (berta, "shop"), (anna, "crm_sync")):
        assert (await post(api, subject, EVENT, client=client))[0] == 201
    assert [len(await bought(api, subject)) for subject in (anna, berta)] == [2, 1]


async def test_one_call_may_repeat_itself_and_not_contradict_itself(api: Api) -> None:
    subject = await api.house.customer()
    changed = {**EVENT, "payload": {"amount": "1.00"}}
    assert (await post(api, subject, EVENT, changed))[0] == 409
    assert not await bought(api, subject)
    status, told = await post(api, subject, EVENT, REORDERED)
    assert (status, told["statuses"]) == (201, ["stored", "unchanged"])
    assert len(await bought(api, subject)) == 1


async def test_two_at_once_are_stored_once(api: Api) -> None:
    subject = await api.house.customer()
    answers = await asyncio.gather(*(post(api, subject, EVENT) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len(await bought(api, subject)) == 1


async def test_an_import_sent_again_repeats_no_event(api: Api) -> None:
    people = [row for row, _ in zip(iter_customers(), range(15), strict=False)]
    rows = [{**row, "events": list(row["events"])} for row in people]
    first = await send(api, rows)
    assert not any(one["unchanged_events"] or one["refused_events"] for one in first)
    again = await send(api, rows)
    assert [one["unchanged_events"] for one in again] == [list(range(len(row["events"]))) for row in rows]
    for row, one in zip(rows, again, strict=True):
        stored = await bought(api, one["subject_id"])
        assert len(stored) == sum(event["kind"] == "purchase" for event in row["events"])


async def test_a_row_with_a_changed_event_is_stored_but_for_that_event(api: Api) -> None:
    changed = {**EVENT, "payload": {"amount": "1.00"}}
    (created,) = await send(api, [{**ERIKA, "events": [EVENT]}])
    new = {**EVENT, "event_ref": "order-8"}
    values = {"first_name": {"value": "Frieda"}}
    (updated,) = await send(api, [{**ERIKA, "values": values, "events": [changed, new, EVENT]}])
    assert (updated["status"], updated["refused_events"], updated["unchanged_events"]) == ("updated", [0], [2])
    subject = created["subject_id"]
    assert (await read(api, subject, "first_name"))["first_name"] == "Frieda"
    assert [one["amount"] for one in await bought(api, subject)] == ["49.90", "49.90"]


def test_ids_that_follow_from_references_are_told_apart_from_random_ones() -> None:
    """RFC 9562: version 8, and the same for the same person, source and reference alone."""
    person = uuid4()
    ids = {
        event_id_of(*given)
        for given in (
            (person, "shop", "a"),
            (person, "shop", "b"),
            (person, "shopa", ""),
            (person, "crm_sync", "a"),
            (uuid4(), "shop", "a"),
        )
    }
    assert len(ids) == 5
    assert {(one.version, one.variant) for one in ids} == {(8, "specified in RFC 4122")}
    assert event_id_of(person, "shop", "a") in ids
    assert event_id_of(person, "shop", None) != event_id_of(person, "shop", None)


async def test_a_reference_is_a_code_and_no_text(api: Api) -> None:
    subject = await api.house.customer()
    for reference in ("erika@example.com", "Erika Musterfrau", "", "x" * 129):
        status, problem = await post(api, subject, {**EVENT, "event_ref": reference})
        assert (status, problem["type"]) == (422, "/problems/invalid-request")
