"""Rounds of kill -9 under load, and what must hold after each of them."""

import asyncio
import random
from collections import Counter
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from api.compose import open_registry
from api.settings import Settings
from audit.event import ACTOR_POSITION
from audit.log import Filters
from audit.tables import OpeningRow
from registry.context import Registry
from tests.faults.calls import kill_called
from tests.faults.service import Answers, Service, services_of

CROWD_SECONDS = 30
AT_ONCE = 0.25
"""How often all processes are killed, and not one of them."""


def processes_on(engine: str) -> int:
    """PostgreSQL carries several processes on one log, SQLite one."""
    return 1 if engine == "sqlite" else 2


async def kill_under_load(settings: Settings, processes: int, rounds: int, seed: int) -> Answers:
    """Load, kill one process or all at a random moment, look, start again; `rounds` kills or a few more."""
    chance = random.Random(seed)
    answers = Answers()
    async with services_of(settings, processes) as services:
        while answers.kills < rounds:
            await asyncio.gather(*(asyncio.to_thread(one.start) for one in services if not one.is_alive))
            await _one_round(services, answers, chance)
            await check(settings, answers)
    return answers


def kill_inside(settings: Settings, url: str, processes: int, kills: int, seed: int) -> Answers:
    """The same with processes that are called without HTTP, which start and answer faster; blocks."""
    chance = random.Random(seed)
    answers = Answers()
    while answers.kills < kills:
        kill_called(settings, url, processes, answers, chance)
        asyncio.run(check(settings, answers))
    return answers


async def _one_round(services: list[Service], answers: Answers, chance: random.Random) -> None:
    answers.some.clear()
    enough = asyncio.Event()
    crowds = [asyncio.create_task(one.crowd(answers, CROWD_SECONDS, enough)) for one in services]
    await asyncio.wait_for(answers.some.wait(), CROWD_SECONDS)
    await asyncio.sleep(chance.uniform(0, 0.8))
    killed = services if chance.random() < AT_ONCE else [chance.choice(services)]
    for one in killed:
        one.kill()
    answers.kills += len(killed)
    await asyncio.sleep(chance.uniform(0, 0.2))  # who is left drains what the others left
    enough.set()
    await asyncio.gather(*crowds)


async def check(settings: Settings, answers: Answers) -> None:
    """Every answered call has its entry, every change has one, the tree is whole, and what was signed still holds."""
    async with open_registry(settings) as registry:
        found = await registry.log.reconcile()
        assert found.wrong == ()
        entries = await _entries(registry)
        async with registry.database.reading() as session:
            opened = select(col(OpeningRow.person_ref), col(OpeningRow.leaf)).where(
                col(OpeningRow.position) < ACTOR_POSITION
            )
            named = {(row[0], row[1]) for row in (await session.execute(opened)).all()}
            subjects = (await session.execute(text("SELECT count(*) FROM subject"))).scalar_one()
            withdrawals = (await session.execute(text("SELECT count(*) FROM consent_event"))).scalar_one()
            intents = (await session.execute(text("SELECT count(*) FROM audit_intent"))).scalar_one()
            outbox = (await session.execute(text("SELECT count(*) FROM journal_outbox"))).scalar_one()
        assert set(answers.reads) <= named
        assert len({index for _, index in answers.reads}) == len(answers.reads)
        assert intents == outbox == 0
        assert entries["subject-create"] == subjects >= len(answers.created)
        assert entries["consent-withdraw"] == withdrawals >= len(answers.withdrawn)
        journalled = {entry.subject_id for _, entry in registry.journal.read() if entry.kind == "withdrawal"}
        assert {UUID(subject_id) for subject_id in answers.withdrawn} <= journalled
        assert len(journalled) == withdrawals
        for note in answers.notes[-20:]:
            signed = registry.log.open_note(note)
            assert await registry.log.root_at(signed.size) == signed.root


async def _entries(registry: Registry) -> Counter[str]:
    """How many entries there are of each operation."""
    found: Counter[str] = Counter()
    for operation in ("subject-create", "consent-withdraw"):
        before: int | None = None
        while page := await registry.log.search(Filters(operation=operation, before=before), 500):
            found[operation] += len(page)
            before = page[-1].index
    return found
