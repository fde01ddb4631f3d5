"""A real log with a life behind it, and how many changes of it an outsider finds."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from audit.event import Entry, EventTag, Outcome, PersonRef
from registry.access_logs import ClosingGround, close_access_log, retain
from registry.actors import SYSTEM
from tests.house import House, open_house, settings_for
from tests.tampering import Scene, Signer, Tamperer, found, located, read_scene, signer_of


def lived_log(url: str, home: Path) -> tuple[Scene, Signer]:
    """The log of a fresh registry after some calls; blocks, and runs a loop of its own."""

    async def live() -> tuple[Scene, Signer]:
        settings = settings_for(url, home)
        async with open_house(settings) as registry:
            return await _lived(House(registry, settings, url))

    return asyncio.run(live())


async def _lived(house: House) -> tuple[Scene, Signer]:
    """A log with reads of one and of several, an erasure, an early closing and a retention run behind it."""
    log, kept = house.registry.log, []
    people = [
        await house.customer(f"A-{number}", {"city": "Kiel", "email": f"{number}@example.com"}) for number in range(5)
    ]
    for round_ in range(3):
        for person in people:
            await house.read("shop", "order_fulfilment", ["city"], person)
            await house.read("mailer", "newsletter", ["email"], person)
        together = tuple(PersonRef(person, "permit:city") for person in people[round_:])
        await log.append(Entry(EventTag.DECIDE, Outcome.PERMIT, client="shop", persons=together), None)
        kept.append(await log.checkpoint())
        if round_ == 0:
            await house.erase(people[4])
            await close_access_log(house.registry, await house.decider(), people[4], ClosingGround.COURT_ORDER)
            people.pop()
        if round_ == 1:
            await retain(
                house.registry, SYSTEM, today=datetime.now(UTC).date().replace(year=datetime.now(UTC).year + 2)
            )
    kept.append(await log.checkpoint())
    async with house.registry.database.reading() as session:
        return await read_scene(log, session, kept), signer_of(log)


def tamper(lived: tuple[Scene, Signer], folder: Path, changes: int, seed: int) -> Counter[str]:
    """How many changes of each kind were found, by the class they belong to, and where they lie."""
    scene, signer = lived
    tamperer = Tamperer(scene, signer, seed)
    counted: Counter[str] = Counter()
    misses = []
    for number in range(changes):
        if number % 20 == 0:
            code, words = found(tamperer.clean, folder)
            assert code == 0, words
            counted["none"] += 1
        change = tamperer.next()
        code, words = found(change, folder)
        if code not in change.codes or not located(change, words):
            misses.append((change.kind, change.first, change.last, words))
        counted[change.kind] += 1
    assert not misses, misses[:5]
    return counted
