"""With the last contract ends the ground for keeping what it needed; a new one holds it again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from policies.deadlines import local_date
from policies.periods import plus
from policies.vocabulary import Channel, PurposeId
from registry.retention import last_end
from registry.tables import EventRow, RecordRow
from registry.withdrawals import withdraw_consent
from tests.house import SHOP, yesterday
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA
from tests.http.v1.test_imports import send

CONTRACT = {"kind": "contract", "reference": "order-1", "source": "shop"}
CLAIM_PERIOD = "P3Y"
PROOF_PERIOD = "P5Y"  # of consents, as the shipped policy has it


async def ends(api: Api, subject: UUID) -> set[date | None]:
    """The last days of the values whose class counts from the end of the relationship."""
    statement = select(col(RecordRow.delete_after)).where(
        col(RecordRow.subject_id) == subject, col(RecordRow.retention) == "customer_data"
    )
    async with api.house.registry.database.reading() as session:
        return set((await session.execute(statement)).scalars())


async def close(api: Api, subject: UUID, **changes: object) -> Any:  # noqa: ANN401 - a response
    return await api.post("shop", "/v1/relationships/close", {**CONTRACT, "subject_id": str(subject), **changes})


async def opened(api: Api, subject: UUID, **changes: object) -> Any:  # noqa: ANN401 - a response
    given = {**CONTRACT, "subject_id": str(subject), "opened_at": yesterday().isoformat(), **changes}
    return await api.post("shop", "/v1/relationships", given)


def after(instant: datetime, period: str = CLAIM_PERIOD) -> date:
    return plus(local_date(instant), period)


@pytest.mark.gdpr("5(1)(e)")
async def test_the_last_contract_to_end_gives_values_their_last_day(api: Api) -> None:
    """R-DE-RET-1."""
    subject = await api.house.customer()
    await opened(api, subject, reference="order-2")
    first_end, last = datetime.now(UTC), datetime.now(UTC) + timedelta(days=40)
    assert (await close(api, subject, closed_at=first_end.isoformat())).status_code == 200
    assert await ends(api, subject) == {None}, "another contract is open"
    await close(api, subject, reference="order-2", closed_at=last.isoformat())
    assert await ends(api, subject) == {after(last)}


async def test_a_new_contract_takes_the_last_day_away_again(api: Api) -> None:
    subject = await api.house.customer()
    await close(api, subject)
    assert await ends(api, subject) == {after(datetime.now(UTC))}
    await opened(api, subject, reference="order-2")
    assert await ends(api, subject) == {None}


async def test_a_contract_begins_anew_only_after_its_end(api: Api) -> None:
    """A sync that never heard of the end makes no legal basis out of nothing."""
    subject = await api.house.customer()
    await close(api, subject)
    await opened(api, subject)
    assert await ends(api, subject) == {after(datetime.now(UTC))}
    later = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await opened(api, subject, opened_at=later)
    assert await ends(api, subject) == {None}


@pytest.mark.gdpr("6(1)(b)")
async def test_an_end_that_has_come_moves_only_to_an_earlier_instant(api: Api) -> None:
    """R-6.1-1: a sync that plans a later end revives no contract; a planned end may still move."""
    subject = await api.house.customer()
    now, years = datetime.now(UTC), timedelta(days=1500)
    planned, hour = now + years, timedelta(hours=1)
    for end, expected in [
        (planned, planned),
        (planned + years, planned + years),
        (now - hour, now - hour),
        (planned, now - hour),
        (now - 2 * hour, now - 2 * hour),
        (now - hour, now - 2 * hour),
    ]:
        assert (await opened(api, subject, closed_at=end.isoformat())).status_code == 201
        assert await ends(api, subject) == {after(expected)}
    assert (await close(api, subject, closed_at=planned.isoformat())).status_code == 200
    assert (await close(api, subject)).status_code == 200
    asked = {"purpose": "order_fulfilment", "fields": "street"}
    assert (await api.get("shop", f"/v1/subjects/{subject}", **asked)).status_code == 403
    await opened(api, subject, opened_at=(now + timedelta(seconds=1)).isoformat(), closed_at=planned.isoformat())
    assert await ends(api, subject) == {after(planned)}


async def test_an_end_before_the_beginning_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    early = (yesterday() - timedelta(hours=1)).isoformat()
    response = await close(api, subject, closed_at=early)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/relationship-period")
    assert await ends(api, subject) == {None}
    response = await opened(api, subject, opened_at="2001-01-01T00:00:00Z", closed_at="2001-01-02T00:00:00Z")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/relationship-period")
    assert (await close(api, subject, closed_at=yesterday().isoformat())).status_code == 200


@pytest.mark.gdpr("7(3)")
async def test_a_consent_holds_what_it_needs_until_it_is_withdrawn(api: Api) -> None:
    """The class counts from the last contract or consent (see the policy document)."""
    subject = await api.house.customer(newsletter=True)
    await close(api, subject)
    assert await ends(api, subject) == {None}
    await withdraw_consent(api.house.registry, SHOP, subject, PurposeId("newsletter"), Channel.EMAIL)
    assert await ends(api, subject) == {after(datetime.now(UTC))}
    await api.house.grant(subject, "newsletter", Channel.EMAIL)
    assert await ends(api, subject) == {None}


async def test_the_proof_of_a_consent_ends_with_it(api: Api) -> None:
    subject = await api.house.customer(newsletter=True, ordered=False)

    async def proof() -> list[date | None]:
        statement = select(col(EventRow.delete_after)).where(
            col(EventRow.subject_id) == subject, col(EventRow.field) == "consent_evidence"
        )
        async with api.house.registry.database.reading() as session:
            return list((await session.execute(statement)).scalars())

    assert await proof() == [None]
    await withdraw_consent(api.house.registry, SHOP, subject, None)
    assert await proof() == [after(datetime.now(UTC), PROOF_PERIOD)]


async def test_an_erasure_gives_what_it_keeps_a_last_day(api: Api) -> None:
    """R-DEL-4: nothing that is kept stays without an end."""
    subject = await api.house.customer(newsletter=True)
    await api.house.erase(subject)
    statement = select(col(EventRow.field), col(EventRow.delete_after)).where(col(EventRow.subject_id) == subject)
    async with api.house.registry.database.reading() as session:
        kept = {(name, end) for name, end in (await session.execute(statement)).all()}
    assert ("consent_evidence", after(datetime.now(UTC), PROOF_PERIOD)) in kept
    assert not [name for name, end in kept if end is None]


async def test_an_imported_history_that_is_over_is_dated_from_its_end(api: Api) -> None:
    over = {**CONTRACT, "opened_at": "2025-01-01T09:00:00Z", "closed_at": "2025-02-01T09:00:00Z"}
    running = {**CONTRACT, "reference": "order-9", "opened_at": "2026-01-01T09:00:00Z"}
    rows = [
        {**ERIKA, "external_id": "R-1", "values": {"first_name": {"value": "Ria"}}, "relationships": [over]},
        {**ERIKA, "external_id": "R-2", "values": {"first_name": {"value": "Rosa"}}, "relationships": [over, running]},
        {
            **ERIKA,
            "external_id": "R-3",
            "values": {"first_name": {"value": "Rita", "observed_at": "2025-01-01T09:00:00Z"}},
            "relationships": [over],
        },
    ]
    found = [await ends(api, UUID(one["subject_id"])) for one in await send(api, rows)]
    today = local_date(datetime.now(UTC))
    assert found == [{plus(today, CLAIM_PERIOD)}, {None}, {date(2028, 2, 1)}]
    (backwards,) = await send(api, [{**rows[1], "relationships": [{**running, "closed_at": "2026-01-01T09:00:00Z"}]}])
    assert backwards["status"] == "updated"
    running["opened_at"] = "2025-06-01T09:00:00Z"
    (backwards,) = await send(api, [{**rows[1], "relationships": [{**running, "closed_at": "2025-07-01T09:00:00Z"}]}])
    assert (backwards["status"], backwards["error"]) == ("failed", "relationship-period")


def test_the_last_end_is_none_while_anything_runs_or_nothing_ever_ran() -> None:
    one, other = datetime(2026, 1, 31, 23, 30, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert last_end([]) is None
    assert last_end([one, None]) is None
    assert last_end([other, one]) == date(2026, 2, 1), "days are days in Germany"
