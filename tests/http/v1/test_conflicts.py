"""What a sync was refused can be read page by page, one system at a time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from registry.conflicts import ConflictKind, conflicts, note_conflict
from tests.house import House, yesterday
from tests.http.v1.api import Api


async def refused(house: House, subject_id: UUID, sources: list[str]) -> None:
    """Conflicts of one instant, so that only their numbers tell them apart."""
    async with house.registry.change() as change:
        await change.lock_subject(subject_id)
        for number, source in enumerate(sources):
            claimed_at = yesterday() - timedelta(days=number)
            note_conflict(change, subject_id, ConflictKind.OLDER_VALUE, "email", source, claimed_at)
        change.record(house.some_entry())


async def walk(api: Api, client: str, **query: str) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await api.get(client, "/v1/conflicts", **query, **cursor)).json()
        pages.append(answer["conflicts"])
        if answer["next_cursor"] is None:
            return pages
        cursor = {"cursor": answer["next_cursor"]}


async def test_every_conflict_is_on_one_page(api: Api) -> None:
    subject = await api.house.customer()
    await refused(api.house, subject, ["shop", "crm_sync"] * 3)
    await refused(api.house, subject, ["crm_sync"])
    pages = await walk(api, "console", limit="3")
    assert [len(page) for page in pages] == [3, 3, 1]
    every = [(one["source"], one["claimed_at"]) for page in pages for one in page]
    assert len(every) == len(set(every)) or every.count(every[0]) == 2
    whole = (await api.get("console", "/v1/conflicts")).json()
    assert [one for page in pages for one in page] == whole["conflicts"]
    assert whole["next_cursor"] is None
    arrived = [one["arrived_at"] for one in whole["conflicts"]]
    assert arrived == sorted(arrived, reverse=True)


async def test_a_system_sees_its_own_and_the_console_one_or_all(api: Api) -> None:
    anna, berta = await api.house.customer("A-1"), await api.house.customer("B-1", {"city": "Bonn"})
    await refused(api.house, anna, ["shop", "crm_sync", "shop"])
    await refused(api.house, berta, ["shop", "importer"])
    assert [len(page) for page in await walk(api, "shop", limit="2")] == [2, 1]
    assert [len(page) for page in await walk(api, "shop", source="shop")] == [3]
    assert await walk(api, "shop", source="crm_sync") == [[]]
    assert [len(page) for page in await walk(api, "console", source="crm_sync")] == [1]
    assert [len(page) for page in await walk(api, "console", source="shop", subject_id=str(anna))] == [2]
    assert [one["n"] for one in await api.log("audit-read")][:2] == [1, 1]


@pytest.mark.parametrize("cursor", ["", "1", "x-y", "1-" + "g" * 32, "1-" + "0" * 31, "123456789012345-" + "0" * 32])
async def test_a_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    response = await api.get("console", "/v1/conflicts", cursor=cursor)
    assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid-request")
    assert (await api.get("console", "/v1/conflicts", cursor="99999999999999-" + "f" * 32)).status_code == 200


async def test_the_next_page_follows_a_place_and_not_a_row(house: House) -> None:
    subject = await house.customer()
    await refused(house, subject, ["shop"] * 4)
    first, second, *_ = found = await conflicts(house.registry, subject)
    await house.as_owner("DELETE FROM conflict WHERE claimed_at IS NULL")
    assert await conflicts(house.registry, subject, after=first.place) == found[1:]
    assert (await conflicts(house.registry, subject, 1, after=first.place)) == [second]
