"""kill -9 in the middle of rotations, retirements and erasures, and what must hold after each.

Restores have a room of their own: `tests.faults.restore_kills`.
"""

import asyncio
import os
import random
import signal
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text

from api.compose import open_registry
from api.settings import Settings
from policies.vocabulary import FieldName
from registry.actors import SYSTEM
from registry.backup import Part, back_up
from registry.disclosure import Disclosed
from registry.key_backup import verify_backup
from registry.reindexing import rotate_index_keys
from registry.resealing import rotate_data_keys
from registry.retirement import destroy_retired, prepare_retirement
from registry.rotation import open_epoch, rewrap_survivors
from tests.house import House, codes

PEOPLE = 6
LONGEST_LIFE_SECONDS = 0.6
STARTS_KILLED = 0.2
LONGEST_START_SECONDS = 60.0

Work = Callable[[House, Path], Awaitable[None]]


def killed(
    work: Callable[[], Coroutine[object, object, None]], life_seconds: float, trace: Path, begun: Path | None = None
) -> bool:
    """Run some work in a process of its own and kill it after a while; whether it had to be killed.

    Its life counts from the moment when the file `begun` is there, where one is named. Work that ended by itself before
    that must have ended well: what it raised stands in the file `trace`.
    """
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work())
        except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
            trace.write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)
    until = time.monotonic() + (life_seconds if begun is None else LONGEST_START_SECONDS)
    while time.monotonic() < until:
        if begun is not None and begun.exists():
            until, begun = time.monotonic() + life_seconds, None
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert status == 0, trace.read_text()
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, trace.read_text()
    return status == signal.SIGKILL


async def _alone(settings: Settings, url: str, work: Work, folder: Path) -> None:
    async with open_registry(settings) as registry:
        folder.with_suffix(".begun").touch()
        await work(House(registry, settings, url), folder)


async def rotate(house: House, _folder: Path) -> None:
    """A new epoch, again and again, and new index and data keys."""
    while True:
        await open_epoch(house.registry, SYSTEM)
        await rewrap_survivors(house.registry, SYSTEM)
        await rotate_index_keys(house.registry, SYSTEM)
        await rotate_data_keys(house.registry, SYSTEM)


async def retire(house: House, folder: Path) -> None:
    """One retirement after the other, each with its backup."""
    for number in range(1_000):
        await prepare_retirement(house.registry, SYSTEM)
        keys = folder / f"keys-{number}"
        await back_up(house.registry, SYSTEM, {Part.KEYS: keys})
        await destroy_retired(house.registry, SYSTEM, await verify_backup(house.registry.ring.provider, keys))


async def erase(house: House, _folder: Path) -> None:
    """Customers come and go."""
    for _ in range(1_000):
        name = f"e-{uuid4()}"  # an erased name stays blocked
        await house.erase(await house.customer(name, {"email": f"{name}@example.com"}))


async def prepare(house: House, folder: Path) -> None:
    """Everybody who must still be readable at the end; and how long it takes here that somebody comes and goes."""
    for number in range(PEOPLE):
        await house.customer(f"A-{number}", {"email": f"a{number}@example.com"})
    began = time.monotonic()
    await house.erase(await house.customer("e-first", {"email": "first@example.com"}))
    folder.with_suffix(".seconds").write_text(str(time.monotonic() - began))


async def look(house: House, _folder: Path) -> None:
    """Everybody is readable and found by their id; the erased are nobody; nothing waits; the next retirement ends."""
    registry = house.registry
    for number in range(PEOPLE):
        subject_id = await house.customer(f"A-{number}", {})
        read = await house.read("shop", "order_fulfilment", ["email"], subject_id)
        assert isinstance(read, Disclosed)
        assert read.values[FieldName("email")] == f"a{number}@example.com"
    async with registry.database.reading() as session:
        rows = await session.execute(text("SELECT subject_id FROM subject WHERE status <> 'active'"))
        erased = [value if isinstance(value, UUID) else UUID(bytes=value) for value in rows.scalars()]
        for table in ("journal_outbox", "audit_intent"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608 - own names
    for subject_id in erased[-5:]:
        assert codes(await house.read("shop", "order_fulfilment", ["email"], subject_id)) == ["NO_SUBJECT"]
    journalled = {entry.subject_id for _, entry in registry.journal.read() if entry.kind == "erasure"}
    assert set(erased) <= journalled


async def have_gone(house: House, _folder: Path, *, least: int) -> None:
    """Erasures were really under way: so many ended, on a machine however slow."""
    async with house.registry.database.reading() as session:
        gone = (await session.execute(text("SELECT count(*) FROM subject WHERE status <> 'active'"))).scalar_one()
    assert gone >= least


async def finish(house: House, folder: Path) -> None:
    """After all the killing a retirement runs to its end."""
    await prepare_retirement(house.registry, SYSTEM)
    await back_up(house.registry, SYSTEM, {Part.KEYS: folder / "last"})
    verified = await verify_backup(house.registry.ring.provider, folder / "last")
    await destroy_retired(house.registry, SYSTEM, verified)
    assert len(house.registry.ring.provider.versions()) == 1


def kill_again_and_again(settings: Settings, url: str, folder: Path, rounds: int, seed: int) -> None:
    """Rounds of each kind of work, killed at a random point, now and then while it starts; looked at after each."""
    chance = random.Random(seed)

    def run(work: Work, name: str) -> None:
        asyncio.run(_alone(settings, url, work, folder / name))

    run(prepare, "prepare")
    longest_erasing_seconds = 2 * LONGEST_LIFE_SECONDS + 2 * float((folder / "prepare.seconds").read_text())
    for number in range(rounds):
        for work in (rotate, retire, erase):
            name = f"{number}-{work.__name__}"
            life_seconds = chance.uniform(0.05, longest_erasing_seconds if work is erase else LONGEST_LIFE_SECONDS)
            begun = None if chance.random() < STARTS_KILLED else folder / f"{name}.begun"
            killed(partial(_alone, settings, url, work, folder / name), life_seconds, folder / f"{name}.txt", begun)
        run(look, f"{number}-look")
    run(finish, "finish")
    run(partial(have_gone, least=1 + rounds // 10), "gone")
    run(look, "last-look")
