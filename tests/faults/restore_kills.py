"""kill -9 in the middle of restores, while rows are loaded and while the journal is replayed.

However often a restore was killed: once it has ended, everybody is as they were when the database was lost. Nobody
erased, withdrawn, objected or restricted since the backup has come back, and nobody else is missing.
"""

import asyncio
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.compose import open_database, open_registry
from api.settings import Settings
from policies.vocabulary import Channel, FieldName, PurposeId
from registry import objections, rights, withdrawals
from registry.access_logs import ClosingGround, close_access_log
from registry.actors import SYSTEM
from registry.backup import Part, back_up, load, tables_of
from registry.disclosure import Disclosed
from registry.errors import BackupError
from registry.key_backup import verify_backup
from registry.migrations import async_url
from registry.restore import replay_journal
from registry.retirement import destroy_retired, prepare_retirement
from registry.subjects import GivenSubject, Status, upsert
from registry.verification import verify_values
from tests.faults.key_kills import killed
from tests.house import SHOP, House, codes, settings_for

MOST_KILLS = 5
SHORTEST_LIFE_SECONDS = 0.03
COUNTED = (
    "audit_intent",
    "consent_event",
    "data_key",
    "event",
    "journal_outbox",
    "lookup",
    "objection",
    "permission",
    "record",
    "relationship",
    "request",
    "restriction",
    "subject",
    "suppression",
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Who is what when the database is lost, and where its backup lies."""

    people: Mapping[str, UUID]
    parts: Mapping[Part, Path]


async def live(house: House, folder: Path, *, retired: bool) -> Truth:
    """A backup, and decisions after it; `retired`: the epoch of the backup ends as well, with a new keys part."""
    people = {
        name: await house.customer(name, {"email": f"{name}@example.com", "city": "Kiel"}, newsletter=True)
        for name in ("stays", "erased", "withdrawn", "objected", "corrected", "closed")
    }
    parts = {part: folder / part.value for part in Part}
    await back_up(house.registry, SHOP, parts)
    await house.erase(people["erased"])
    await withdrawals.withdraw_consent(
        house.registry, SHOP, people["withdrawn"], PurposeId("newsletter"), Channel.EMAIL
    )
    await objections.object_to(house.registry, SHOP, people["objected"], None)
    wish = rights.Wish({FieldName("city"): "Lübeck"})
    kind = rights.RequestKind.RECTIFICATION
    received = await rights.receive_request(house.registry, SHOP, people["corrected"], kind, wish)
    decider = await house.decider()
    await rights.decide_request(house.registry, decider, people["corrected"], received.request_id, accepted=True)
    await house.erase(people["closed"])
    await close_access_log(house.registry, decider, people["closed"], ClosingGround.COURT_ORDER)
    people["later"] = await house.customer("later", {"email": "later@example.com"})
    await house.erase(people["later"])
    if retired:
        parts[Part.KEYS] = folder / "keys-after"
        await prepare_retirement(house.registry, SYSTEM)
        await back_up(house.registry, SYSTEM, {Part.KEYS: parts[Part.KEYS]})
        verified = await verify_backup(house.registry.ring.provider, parts[Part.KEYS])
        await destroy_retired(house.registry, SYSTEM, verified)
    return Truth(people, parts)


async def restore(settings: Settings, parts: Mapping[Part, Path]) -> None:
    """As the operator does it: load, or where that is done, go on with the replay."""
    database = open_database(settings)
    try:
        await load(database, parts)
    except BackupError as error:
        if "not empty" not in str(error):
            raise
    finally:
        await database.close()
    async with open_registry(settings, restored=True) as registry:
        await replay_journal(registry, SYSTEM, {})


async def look(settings: Settings, url: str, truth: Truth) -> Mapping[str, int]:
    """Everybody is what they were; returns how many rows there are, to be compared with a restore nobody killed."""
    async with open_registry(settings) as registry:
        house, people = House(registry, settings, url), truth.people
        for name in ("stays", "withdrawn", "objected", "corrected"):
            read = await house.read("shop", "order_fulfilment", ["email"], people[name])
            assert isinstance(read, Disclosed), name
            assert read.values[FieldName("email")] == f"{name}@example.com"
        assert not codes(await house.read("mailer", "newsletter", ["email"], people["stays"]))
        assert "CONSENT_WITHDRAWN" in codes(await house.read("mailer", "newsletter", ["email"], people["withdrawn"]))
        assert "DM_OBJECTION" in codes(await house.read("mailer", "newsletter", ["email"], people["objected"]))
        assert codes(await house.read("shop", "order_fulfilment", ["city"], people["corrected"]))
        for name in ("erased", "closed", "later"):
            assert codes(await house.read("shop", "order_fulfilment", ["email"], people[name])) == ["NO_SUBJECT"]
            (outcome,) = await upsert(registry, SHOP, [GivenSubject(name, "shop")])
            assert outcome.status is Status.BLOCKED, name
        assert await verify_values(registry) == []
        async with registry.database.reading() as session:
            found = {}
            for name in COUNTED:
                counted = await session.execute(text(f"SELECT count(*) FROM {name}"))  # noqa: S608 - own names
                found[name] = int(counted.scalar_one())
    assert found["journal_outbox"] == found["audit_intent"] == 0
    return found


async def empty(url: str) -> None:
    """Take everything out of the database that a restore is tried on."""
    engine = create_async_engine(async_url(url))
    names = [table.name for part in Part for table in tables_of(part)]
    passing = ["portal_code", "portal_session", "staff_session"]
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join([*names, *passing])}"))
    await engine.dispose()


def kill_restores(house_settings: Settings, url: str, unstarted_url: str, folder: Path, rounds: int, seed: int) -> int:
    """Rounds of restores, each killed a few times and then ended; returns how many kills there were."""
    chance = random.Random(seed)

    async def begin() -> Truth:
        async with open_registry(house_settings) as registry:
            return await live(House(registry, house_settings, url), folder / "backup", retired=seed % 2 == 1)

    truth = asyncio.run(begin())
    file = make_url(unstarted_url).database if unstarted_url.startswith("sqlite") else None
    if file:
        shutil.copy(file, folder / "empty.db")
    kills, whole_seconds = 0, 1.0
    unkilled: Mapping[str, int] = {}
    for number in range(rounds):
        home = folder / f"home-{number}"
        shutil.copytree(house_settings.home, home)
        settings = settings_for(unstarted_url, home)
        if file:
            for old in Path(file).parent.glob("*"):
                old.unlink()
            shutil.copy(folder / "empty.db", file)
        else:
            asyncio.run(empty(unstarted_url))
        if number:
            for again in range(chance.randint(1, MOST_KILLS)):
                longest = whole_seconds if again else whole_seconds / 2  # the first one dies for certain
                life_seconds = chance.uniform(SHORTEST_LIFE_SECONDS, longest)
                trace = folder / f"{number}-{again}.txt"
                if not killed(partial(restore, settings, truth.parts), life_seconds, trace):
                    break
                kills += 1
        began = monotonic()
        asyncio.run(restore(settings, truth.parts))
        whole_seconds = whole_seconds if number else monotonic() - began
        found = asyncio.run(look(settings, unstarted_url, truth))
        unkilled = unkilled or found
        assert found == unkilled
        shutil.rmtree(home)
    return kills
