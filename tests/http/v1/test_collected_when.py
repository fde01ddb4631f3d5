"""When a value was collected: once, however often a sync repeats it, and never by a notice that came later."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from registry.tables import RecordRow
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA
from tests.http.v1.test_decisions import decided

NOT_TOLD = {"code": "NO_BASIS", "cites": ["UWG § 7(3) no. 4"], "rule": "soft_opt_in"}


async def arrives(api: Api, value: object, ago: timedelta | None = None, **others: object) -> UUID:
    """Her e-mail address as the shop sends it, observed so long ago; None = it does not say."""
    observed = {} if ago is None else {"observed_at": (datetime.now(UTC) - ago).isoformat()}
    body = {**ERIKA, "values": {"email": {"value": value, **observed}}, "notices": [], **others}
    response = await api.patch("shop", "/v1/subjects", body)
    assert response.status_code in {200, 201}, response.text
    return UUID(response.json()["subject_id"])


async def collected_at(api: Api, subject: UUID) -> datetime:
    async with api.house.registry.database.reading() as session:
        return (await session.get_one(RecordRow, (subject, "email"))).collected_at


async def advertised(api: Api, subject: UUID) -> Any:  # noqa: ANN401 - JSON
    (found,) = await decided(api, subject, fields=["email"], purpose="similar_goods_email", client="marketing")
    return found["permitted"] or found["reasons"]


@pytest.mark.gdpr("13(1)")
async def test_a_nightly_sync_after_a_late_notice_makes_no_soft_opt_in(api: Api) -> None:
    """R-DE-UWG-4, § 7(3) no. 4 UWG: another address is collected anew, another spelling of the same is not."""
    address = ERIKA["values"]["email"]["value"]
    subject = await arrives(api, address)
    first = await collected_at(api, subject)
    await arrives(api, address, notices=["privacy_notice"])
    for repeated, ago in [(address, None), (address.upper(), None), (address, timedelta(0))]:
        await arrives(api, repeated, ago)
        assert await collected_at(api, subject) == first
        assert await advertised(api, subject) == [NOT_TOLD]
    await arrives(api, "erika.anew@example.com")
    assert await collected_at(api, subject) > first
    assert await advertised(api, subject) is True


@pytest.mark.gdpr("13(1)")
@pytest.mark.parametrize(
    ("ago", "told"),
    [(None, True), (timedelta(minutes=2), True), (timedelta(minutes=-2), True), (timedelta(hours=1), False)],
)
async def test_a_notice_of_the_same_call_is_in_time_for_what_was_collected_then(
    sqlite_api: Api, ago: timedelta | None, *, told: bool
) -> None:
    """R-DE-UWG-4: within what clocks differ by; an old customer who is imported today was not told at the time."""
    subject = await arrives(sqlite_api, "erika@example.com", ago, notices=["privacy_notice"])
    assert await advertised(sqlite_api, subject) == (told or [NOT_TOLD])
    if ago == timedelta(hours=1):
        hour_ago = datetime.now(UTC) - ago
        assert abs(await collected_at(sqlite_api, subject) - hour_ago) < timedelta(minutes=1)


async def test_a_cleared_value_that_comes_back_is_collected_anew(sqlite_api: Api) -> None:
    subject = await arrives(sqlite_api, "erika@example.com")
    first = await collected_at(sqlite_api, subject)
    await arrives(sqlite_api, None)
    cleared = await collected_at(sqlite_api, subject)
    await arrives(sqlite_api, None)
    assert first < cleared == await collected_at(sqlite_api, subject)
    await arrives(sqlite_api, "erika@example.com")
    assert await collected_at(sqlite_api, subject) > cleared


async def test_a_value_that_does_not_open_any_more_is_replaced_all_the_same(sqlite_api: Api) -> None:
    subject = await arrives(sqlite_api, "erika@example.com")
    first = await collected_at(sqlite_api, subject)
    await sqlite_api.house.as_owner("UPDATE record SET sealed = zeroblob(64)")
    await arrives(sqlite_api, "erika@example.com")
    assert await collected_at(sqlite_api, subject) > first
