"""Rounds in which an erasure meets reads, imports, events, rotations and a retirement, at random distances.

Not only the beginnings are apart: some statements of everybody wait before they go out, so that the steps of one fall
between the steps of another.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from api.compose import open_registry
from policies.facts import AccessRequest
from policies.vocabulary import Category, ClientCode, EventKind, FieldName, PurposeId
from registry.actors import SYSTEM
from registry.backup import Part, back_up
from registry.disclosure import Disclosed, disclose
from registry.errors import BackupError, KeyUnavailableError, RetirementRefusedError, UnknownSubjectError
from registry.events import GivenEvent, add_events
from registry.key_backup import verify_backup
from registry.keys import WrappedDataKey
from registry.records import GivenValue
from registry.reindexing import rotate_index_keys, rotate_suppression_key
from registry.resealing import rotate_data_keys
from registry.retirement import destroy_retired, prepare_retirement
from registry.rotation import open_epoch, rewrap_survivors
from registry.subjects import GivenSubject, Status, upsert
from registry.tables import DataKeyRow
from tests.house import SHOP, House, codes, yesterday

LONGEST_DELAY_SECONDS = 0.02
ONE_STATEMENT_IN = 20
# What is left of somebody erased: events that law keeps, their keys, and the key of the letter that tells of it.
_GONE = (
    "record WHERE subject_id = :id",
    "lookup WHERE subject_id = :id",
    """data_key WHERE subject_id = :id AND category <> 'evidence'
        AND category NOT IN (SELECT category FROM event WHERE subject_id = :id)""",
)
_ENGINES = ("_serving", "_erasing", "_owning", "_writer", "_readers")


async def race(house: House, folder: Path, rounds: int, seed: int) -> None:
    """Run: on PostgreSQL with the registries of two processes, on SQLite with the one that there may be."""
    if house.registry.database.engine == "sqlite":
        await Race([house], folder, seed).run(rounds)
        return
    async with open_registry(house.settings, serving=False) as second:
        await Race([house, House(second, house.settings, house.owner_url)], folder, seed).run(rounds)


@contextmanager
def staggered(house: House, chance: random.Random) -> Iterator[None]:
    """Let statements of this registry wait now and then, wherever their transaction stands."""

    def wait(*_: object) -> None:
        if chance.randrange(ONE_STATEMENT_IN) == 0:
            await_only(asyncio.sleep(chance.uniform(0, LONGEST_DELAY_SECONDS)))

    found = [getattr(house.registry.database, name, None) for name in _ENGINES]
    engines = [one.sync_engine for one in found if isinstance(one, AsyncEngine)]
    assert engines
    for one in engines:
        event.listen(one, "before_cursor_execute", wait)
    try:
        yield
    finally:
        for one in engines:
            event.remove(one, "before_cursor_execute", wait)


class Race:
    """A few processes' registries on one database, and everybody who must still be readable."""

    def __init__(self, houses: Sequence[House], folder: Path, seed: int) -> None:
        self._houses = houses
        self._folder = folder
        self._chance = random.Random(seed)
        self._stayers: dict[UUID, str] = {}
        self._rounds = 0
        self.refused: list[str] = []

    @property
    def _house(self) -> House:
        return self._chance.choice(self._houses)

    async def run(self, rounds: int) -> None:
        """Run, and look after each round."""
        for _ in range(rounds):
            self._rounds += 1
            with ExitStack() as waits:
                for house in self._houses:
                    waits.enter_context(staggered(house, self._chance))
                erased = await self._round()
            await self._look(erased, f"E-{self._rounds}")

    async def _round(self) -> UUID:
        number = self._rounds
        erased = await self._house.customer(f"E-{number}", {"email": f"e{number}@example.com", "city": "Kiel"})
        stays = await self._house.customer(f"S-{number}", {"email": f"s{number}@example.com", "city": "Kiel"})
        self._stayers[stays] = f"s{number}@example.com"
        kinds = [self._rotate, self._retire, self._reseal, self._index, self._suppression]
        await asyncio.gather(
            self._after(lambda house: house.erase(erased)),
            self._after(lambda house: self._read(house, erased)),
            self._after(lambda house: self._read(house, stays)),
            self._after(lambda house: self._update(house, f"E-{number}")),
            self._after(lambda house: self._update(house, f"S-{number}")),
            self._after(lambda house: self._event(house, erased)),
            self._after(lambda house: self._event(house, stays)),
            *(self._after(ring) for ring in self._chance.sample(kinds, self._chance.choice([1, 1, 2]))),
        )
        return erased

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

    async def _index(self, house: House) -> None:
        await rotate_index_keys(house.registry, SYSTEM)

    async def _suppression(self, house: House) -> None:
        await rotate_suppression_key(house.registry, SYSTEM)

    async def _retire(self, house: House) -> None:
        """To its end, unless another rotation changed the ring under it: then nothing may be destroyed."""
        folder = self._folder / f"keys-{self._rounds}"
        try:
            await prepare_retirement(house.registry, SYSTEM)
            await back_up(house.registry, SYSTEM, {Part.KEYS: folder})
            verified = await verify_backup(house.registry.ring.provider, folder)
            await destroy_retired(house.registry, SYSTEM, verified)
        except (BackupError, RetirementRefusedError) as refused:
            self.refused.append(str(refused))

    async def _look(self, erased: UUID, external_id: str) -> None:
        """The erased is gone whatever came in between, and every key of everybody else opens."""
        house = self._house
        assert codes(await house.read("shop", "order_fulfilment", ["email"], erased)) == ["NO_SUBJECT"]
        (outcome,) = await upsert(house.registry, SHOP, [GivenSubject(external_id, "shop")])
        assert outcome.status is Status.BLOCKED
        await self._look_after_stayers(house)
        async with house.registry.database.reading() as session:
            await house.registry.fresh_keys(session)
            given = erased.bytes if house.registry.database.engine == "sqlite" else erased
            for what in _GONE:
                left = (await session.execute(text(f"SELECT count(*) FROM {what}"), {"id": given})).scalar_one()  # noqa: S608 - own words
                assert left == 0, f"{left} rows of {what}"
            for row in (await session.execute(select(DataKeyRow))).scalars():
                stored = WrappedDataKey(row.version, row.epoch, row.wrapped, row.fingerprint)
                try:
                    house.registry.ring.data_key(row.subject_id, Category(row.category), stored)
                except KeyUnavailableError as lost:
                    raise AssertionError(f"round {self._rounds}: a key of {row.category} is lost") from lost

    async def _look_after_stayers(self, house: House) -> None:
        request = AccessRequest(ClientCode("shop"), PurposeId("order_fulfilment"), (FieldName("email"),))
        found = await disclose(house.registry, SHOP, request, list(self._stayers))
        for read, email in zip(found, self._stayers.values(), strict=True):
            assert isinstance(read, Disclosed)
            assert read.values[FieldName("email")] == email
