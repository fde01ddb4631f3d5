"""Rounds of kill -9 under load, and what must hold after each of them."""

import asyncio
import random
from collections import Counter
from uuid import UUID

from sqlalchemy import text

from api.compose import open_registry
from audit.log import Filters
from registry.context import Registry
from tests.faults.service import Answers, Service

CROWD_SECONDS = 20


async def kill_under_load(service: Service, rounds: int, seed: int) -> Answers:
    """Start, load, kill at a random moment, look; `rounds` times."""
    chance = random.Random(seed)
    answers = Answers()
    await service.prepare()
    for _ in range(rounds):
        await asyncio.to_thread(service.start)
        answers.some.clear()
        crowd = asyncio.create_task(service.crowd(answers, CROWD_SECONDS))
        await asyncio.wait_for(answers.some.wait(), CROWD_SECONDS)
        await asyncio.sleep(chance.uniform(0, 0.8))
        service.kill()
        await crowd
        await check(service, answers)
    return answers


async def check(service: Service, answers: Answers) -> None:
    """Every answered call has its entry, every change has one, and the tree is whole."""
    async with open_registry(service.settings) as registry:
        size = await registry.log.size()
        assert all(index < size for index in answers.reads)
        for index in answers.reads[-50:]:
            entry = await registry.log.entry(index)
            assert entry is not None
            assert entry.tree["op"] == "disclose"
        entries = await _entries(registry)
        async with registry.database.reading() as session:
            subjects = (await session.execute(text("SELECT count(*) FROM subject"))).scalar_one()
            withdrawals = (await session.execute(text("SELECT count(*) FROM consent_event"))).scalar_one()
            intents = (await session.execute(text("SELECT count(*) FROM audit_intent"))).scalar_one()
            outbox = (await session.execute(text("SELECT count(*) FROM journal_outbox"))).scalar_one()
        assert intents == outbox == 0
        assert entries["subject-create"] == subjects >= len(answers.created)
        assert entries["consent-withdraw"] == withdrawals >= len(answers.withdrawn)
        journalled = {entry.subject_id for _, entry in registry.journal.read() if entry.kind == "withdrawal"}
        assert {UUID(subject_id) for subject_id in answers.withdrawn} <= journalled
        assert len(journalled) == withdrawals


async def _entries(registry: Registry) -> Counter[str]:
    """How many entries there are of each operation."""
    found: Counter[str] = Counter()
    for operation in ("subject-create", "consent-withdraw"):
        before: int | None = None
        while page := await registry.log.search(Filters(operation=operation, before=before), 500):
            found[operation] += len(page)
            before = page[-1].index
    return found
