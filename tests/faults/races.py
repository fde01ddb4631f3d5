"""Rounds in which an erasure meets reads, imports, events, a rotation and a retirement, at random distances."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from api.compose import open_registry
from policies.vocabulary import EventKind, FieldName, PurposeId
from registry.actors import SYSTEM
from registry.backup import Part, back_up
from registry.disclosure import Disclosed
from registry.errors import KeyUnavailableError, UnknownSubjectError
from registry.events import GivenEvent, add_events
from registry.key_backup import verify_backup
from registry.keys import data_keys_of
from registry.records import GivenValue
from registry.resealing import rotate_data_keys
from registry.retirement import destroy_retired, prepare_retirement
from registry.rotation import open_epoch, rewrap_survivors
from registry.subjects import GivenSubject, Status, upsert
from tests.house import SHOP, House, codes, yesterday

LONGEST_DELAY_SECONDS = 0.02


async def race(house: House, folder: Path, rounds: int, seed: int) -> None:
    """Run: on PostgreSQL with the registries of two processes, on SQLite with the one that there may be."""
    if house.registry.database.engine == "sqlite":
        await Race([house], folder, seed).run(rounds)
        return
    async with open_registry(house.settings, serving=False) as second:
        await Race([house, House(second, house.settings, house.owner_url)], folder, seed).run(rounds)


class Race:
    """A few processes' registries on one database, and everybody who must still be readable."""

    def __init__(self, houses: Sequence[House], folder: Path, seed: int) -> None:
        self._houses = houses
        self._folder = folder
        self._chance = random.Random(seed)
        self._stayers: dict[UUID, str] = {}
        self._rounds = 0

    @property
    def _house(self) -> House:
        return self._chance.choice(self._houses)

    async def run(self, rounds: int) -> None:
        """Run, and look after each round."""
        for _ in range(rounds):
            self._rounds += 1
            await self._round()

    async def _round(self) -> None:
        number = self._rounds
        erased = await self._house.customer(f"E-{number}", {"email": f"e{number}@example.com", "city": "Kiel"})
        stays = await self._house.customer(f"S-{number}", {"email": f"s{number}@example.com", "city": "Kiel"})
        self._stayers[stays] = f"s{number}@example.com"
        ring = self._chance.choice([self._rotate, self._retire, self._reseal])
        await asyncio.gather(
            self._after(lambda house: house.erase(erased)),
            self._after(lambda house: self._read(house, erased)),
            self._after(lambda house: self._read(house, stays)),
            self._after(lambda house: self._update(house, f"E-{number}")),
            self._after(lambda house: self._update(house, f"S-{number}")),
            self._after(lambda house: self._event(house, erased)),
            self._after(lambda house: self._event(house, stays)),
            self._after(ring),
        )
        await self._look(erased, f"E-{number}")

    async def _after(self, work: Callable[[House], Awaitable[object]]) -> None:
        house = self._house
        await asyncio.sleep(self._chance.uniform(0, LONGEST_DELAY_SECONDS))
        await work(house)

    async def _read(self, house: House, subject_id: UUID) -> None:
        outcome = await house.read("shop", "order_fulfilment", ["email", "city"], subject_id)
        if not isinstance(outcome, Disclosed):
            assert subject_id not in self._stayers
            assert codes(outcome) == ["NO_SUBJECT"]

    async def _update(self, house: House, external_id: str) -> None:
        value = GivenValue("Lübeck", PurposeId("order_fulfilment"))
        await upsert(house.registry, SHOP, [GivenSubject(external_id, "shop", values={FieldName("city"): value})])

    async def _event(self, house: House, subject_id: UUID) -> None:
        event = GivenEvent(EventKind.PURCHASE, yesterday(), PurposeId("order_fulfilment"), {"article": "1"})
        try:
            await add_events(house.registry, SHOP, subject_id, [event])
        except UnknownSubjectError:
            assert subject_id not in self._stayers

    async def _rotate(self, house: House) -> None:
        await open_epoch(house.registry, SYSTEM)
        await asyncio.sleep(self._chance.uniform(0, LONGEST_DELAY_SECONDS))
        await rewrap_survivors(house.registry, SYSTEM)

    async def _reseal(self, house: House) -> None:
        await rotate_data_keys(house.registry, SYSTEM)

    async def _retire(self, house: House) -> None:
        await prepare_retirement(house.registry, SYSTEM)
        folder = self._folder / f"keys-{self._rounds}"
        await back_up(house.registry, SYSTEM, {Part.KEYS: folder})
        verified = await verify_backup(house.registry.ring.provider, folder)
        await destroy_retired(house.registry, SYSTEM, verified)

    async def _look(self, erased: UUID, external_id: str) -> None:
        """The erased is gone whatever came in between, and every key of everybody else opens."""
        house = self._house
        assert codes(await house.read("shop", "order_fulfilment", ["email"], erased)) == ["NO_SUBJECT"]
        (outcome,) = await upsert(house.registry, SHOP, [GivenSubject(external_id, "shop")])
        assert outcome.status is Status.BLOCKED
        for subject_id, email in self._stayers.items():
            read = await house.read("shop", "order_fulfilment", ["email"], subject_id)
            assert isinstance(read, Disclosed)
            assert read.values[FieldName("email")] == email
        async with house.registry.database.reading() as session:
            await house.registry.fresh_keys(session)
            for table in ("record", "lookup"):
                statement = text(f"SELECT count(*) FROM {table} WHERE subject_id = :id")  # noqa: S608 - own names
                given = erased.bytes if house.registry.database.engine == "sqlite" else erased
                assert (await session.execute(statement, {"id": given})).scalar_one() == 0
            for subject_id in (erased, *self._stayers):
                for category, stored in (await data_keys_of(session, subject_id)).items():
                    try:
                        house.registry.ring.data_key(subject_id, category, stored)
                    except KeyUnavailableError as lost:
                        raise AssertionError(f"round {self._rounds}: the key of {category} is lost") from lost
