"""Erasure against read, import, event, rotation and retirement, in short; tests/soak runs thousands of rounds.

What the long rounds found once is a test of its own here, with the one delay that it takes.
"""

from pathlib import Path
from typing import Any

import pytest

from audit.event import PersonRef
from policies.vocabulary import Category
from registry import subjects
from registry.actors import SYSTEM
from registry.backup import Part, back_up
from registry.context import Change, Registry
from registry.disclosure import Disclosed
from registry.key_backup import verify_backup
from registry.retirement import destroy_retired, prepare_retirement
from registry.rotation import open_epoch, rewrap_survivors
from registry.subjects import GivenSubject, Status, upsert
from tests.faults.races import race
from tests.house import SHOP, House, open_house

ROUNDS = 4


async def test_whatever_meets_an_erasure_the_person_is_gone_and_nobody_else(house: House, tmp_path: Path) -> None:
    await race(house, tmp_path, ROUNDS, seed=1)


@pytest.mark.postgresql
async def test_an_import_that_an_erasure_overtakes_makes_nobody(
    postgresql_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identifier is free and not blocked when it is asked for, and released and blocked when it is taken."""
    house = postgresql_house
    person = await house.customer("A-1", {"email": "a@example.com"})
    reserve = subjects._reserve
    overtaken: list[object] = []

    async def overtake(change: Change, given: GivenSubject) -> Any:  # noqa: ANN401 - as the original
        if not overtaken:
            overtaken.append(await house.erase(person))
        return await reserve(change, given)

    monkeypatch.setattr(subjects, "_reserve", overtake)
    (outcome,) = await upsert(house.registry, SHOP, [GivenSubject("A-1", "shop")])
    assert outcome.status is Status.BLOCKED


async def rotate(registry: Registry) -> None:
    await open_epoch(registry, SYSTEM)
    await rewrap_survivors(registry, SYSTEM)


@pytest.mark.postgresql
async def test_a_change_and_an_entry_find_keys_that_another_process_wrapped_anew_meanwhile(
    postgresql_house: House,
) -> None:
    house = postgresql_house
    person = await house.customer("A-1", {"email": "a@example.com"})
    async with open_house(house.settings) as other:
        async with other.change() as change:
            await change.lock_subject(person)
            await rotate(house.registry)
            assert (await change.data_key(person, Category.MASTER)).version == 1
            change.record(house.some_entry())
        await rotate(house.registry)
        entry = (await other.log.append(house.some_entry()._replace(persons=(PersonRef(person),)), None)).index
        assert entry in [part.entry.index for part in await house.registry.log.entries_of(person)]


@pytest.mark.postgresql
async def test_a_read_goes_on_when_the_epoch_of_its_keys_ends_in_the_middle(
    postgresql_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = postgresql_house
    person = await house.customer("A-1", {"email": "a@example.com"})
    registry = house.registry
    append = registry.log.append
    retired: list[bool] = []

    async def retire_first(*given: Any) -> Any:  # noqa: ANN401 - as the original
        if not retired:
            retired.append(True)
            await prepare_retirement(registry, SYSTEM)
            await back_up(registry, SYSTEM, {Part.KEYS: tmp_path / "keys"})
            verified = await verify_backup(registry.ring.provider, tmp_path / "keys")
            await destroy_retired(registry, SYSTEM, verified)
        return await append(*given)

    monkeypatch.setattr(registry.log, "append", retire_first)
    read = await house.read("shop", "order_fulfilment", ["email"], person)
    assert isinstance(read, Disclosed)
    assert retired
