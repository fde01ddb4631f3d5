"""What keys cost: wrapping survivors anew, alone and beside reads; erasing; sealing and opening.

Method: PostgreSQL on disk with fsync and synchronous_commit on. Keys are rows made as the registry makes them, inserted
with COPY. *Idle*: one new epoch, all keys wrapped anew at full speed, nobody else; keys a second of wall time, beside a
bare loop that only unwraps and wraps with prepared ciphers. *Under load*: 16 readers, who rest 50 ms after each read,
read random customers in a process of their own, which leaves half of two cores idle; beside them this process wraps at
a limited rate; the p99 of the reads beside the p99 of the same readers with nothing else going on, in alternating
rounds, medians. *Erase*: the time from the begun transaction to its commit, and the whole
erasure beside a change that does nothing but the same commits (journal and audit entry), in turns; medians. *Seal and
open*: ten fields of one person with their places, against ten bare AES-GCM encryptions and decryptions with one
prepared cipher, in CPU time.

    script/bench keys [--keys 100000] [--rounds 4]
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from api.compose import open_registry
from api.settings import Settings
from audit.event import Entry, EventTag, Outcome, Recorded
from policies.decision import Permit
from policies.facts import AccessRequest
from policies.vocabulary import Category, ClientCode, FieldName, LegalBasis, PurposeId, RelationshipKind, SubjectId
from registry.actors import SYSTEM
from registry.context import Caller, Registry
from registry.disclosure import Disclosed, disclose
from registry.erasure import erase_within, erasure_entry
from registry.journal import JournalKind
from registry.keys.wrapping import data_context, rewrap_key
from registry.migrations import upgrade
from registry.records import GivenValue
from registry.relationships import GivenRelationship
from registry.rotation import Pace, open_epoch, rewrap_survivors
from registry.subjects import GivenSubject, upsert
from registry.vault import Place, open_sealed, seal
from tests.postgres import Postgres

SHOP = Caller("shop")
CUSTOMERS = 200
READERS = 16
ROUND_SECONDS = 10.0
SECONDS_BETWEEN_READS = 0.05
KEYS_PER_SECOND_BESIDE_READS = 1_000.0
FIELDS = 10


def main() -> None:
    """Measure, and print a line for each claim."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    scratch = os.environ.get("BENCH_DIR", "/var/tmp")  # noqa: S108 - on disk, private
    with tempfile.TemporaryDirectory(dir=scratch) as home, Postgres(on_disk=True) as server:
        url = server.create_database("bench").url()
        settings = Settings(home=Path(home), database_url=url)
        upgrade(url)
        _seal_and_open()
        uvloop.run(_measure(settings, url, options.keys, options.rounds))


async def _measure(settings: Settings, url: str, keys: int, rounds: int) -> None:
    async with open_registry(settings) as registry:
        people = await _customers(registry)
        await _erase(registry)
        await _fill(registry, url, keys)
        await _idle(registry, keys)
        await _beside_reads(registry, settings, people, rounds)


async def _customers(registry: Registry) -> list[UUID]:
    now = await registry.database.now()
    given = [_customer(f"bench-{number}", now) for number in range(CUSTOMERS)]
    people: list[UUID] = []
    for start in range(0, CUSTOMERS, 50):
        people += [one.subject_id for one in await upsert(registry, SHOP, given[start : start + 50]) if one.subject_id]
    return people


def _customer(external_id: str, now: datetime) -> GivenSubject:
    values = {
        FieldName(name): GivenValue(value, PurposeId("order_fulfilment"), observed_at=now)
        for name, value in {
            "first_name": "Vorname",
            "last_name": "Nachname",
            "email": f"{external_id}@example.com",
            "phone": "+49302312510",
            "street": "Teststraße 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
        }.items()
    }
    contract = GivenRelationship(RelationshipKind.CONTRACT, "o-1", "shop", now)
    return GivenSubject(external_id, "shop", values=values, relationships=[contract])


async def _fill(registry: Registry, url: str, keys: int) -> None:
    """Keys of people who are not there: what is wrapped anew does not ask for whom."""
    rows = []
    for _ in range(keys):
        subject_id = uuid4()
        _, wrapped = registry.ring.new_data_key(subject_id, Category.MASTER)
        rows.append((subject_id, "master", 1, wrapped.epoch, wrapped.wrapped, wrapped.fingerprint))
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.copy_records_to_table(
        "data_key",
        records=rows,
        columns=["subject_id", "category", "version", "epoch", "wrapped", "fingerprint"],
    )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _idle(registry: Registry, keys: int) -> None:
    bare = _bare_rewraps(registry)
    await open_epoch(registry, SYSTEM)
    began, worked = time.perf_counter(), time.process_time()
    done = await rewrap_survivors(registry, SYSTEM)
    rate, of_process = done / (time.perf_counter() - began), done / (time.process_time() - worked)
    assert done >= keys
    print(
        f"re-wrap, idle: {rate:,.0f} keys/s; {of_process:,.0f}/s of this process's CPU, bare cryptography {bare:,.0f}/s"
    )


def _bare_rewraps(registry: Registry) -> float:
    old, new = AESGCMSIV(secrets.token_bytes(32)), AESGCMSIV(secrets.token_bytes(32))
    subject_id = uuid4()
    context = data_context(subject_id, Category.MASTER, 1)
    nonce = secrets.token_bytes(12)
    wrapped = nonce + old.encrypt(nonce, secrets.token_bytes(32), context)
    count = 20_000
    began = time.process_time()
    for _ in range(count):
        rewrap_key(old, new, wrapped, context, secrets.token_bytes(12))
    assert registry.ring.version
    return count / (time.process_time() - began)


async def _beside_reads(registry: Registry, settings: Settings, people: list[UUID], rounds: int) -> None:
    here, there = multiprocessing.Pipe()
    readers = multiprocessing.get_context("spawn").Process(target=_readers, args=(settings, people, there))
    readers.start()
    assert here.recv() == "ready"
    quiet: list[float] = []
    beside: list[float] = []
    failed = 0
    stop = asyncio.Event()
    for _ in range(rounds):
        for rotating, found in ((False, quiet), (True, beside)):
            stop.clear()
            task = asyncio.create_task(_rotate_until(registry, stop)) if rotating else None
            here.send(ROUND_SECONDS)
            p99, failures = await asyncio.to_thread(here.recv)
            found.append(p99)
            failed += failures
            stop.set()
            if task:
                await task
    here.send(None)
    await asyncio.to_thread(readers.join)
    before, during = statistics.median(quiet), statistics.median(beside)
    rate = f"{KEYS_PER_SECOND_BESIDE_READS:,.0f} keys/s"
    print(
        f"reads beside {rate}: p99 {during:.1f} ms, quiet {before:.1f} ms, ratio {during / before:.2f}, {failed} failed"
    )


class _StoppedError(Exception):
    pass


async def _rotate_until(registry: Registry, stop: asyncio.Event) -> None:
    def report(_done: int) -> None:
        if stop.is_set():
            raise _StoppedError

    while not stop.is_set():
        await open_epoch(registry, SYSTEM)
        try:
            await rewrap_survivors(registry, SYSTEM, Pace(KEYS_PER_SECOND_BESIDE_READS), report)
        except _StoppedError:
            return


def _readers(settings: Settings, people: list[UUID], line: Connection) -> None:
    uvloop.run(_read_on_demand(settings, people, line))


async def _read_on_demand(settings: Settings, people: list[UUID], line: Connection) -> None:
    request = AccessRequest(ClientCode("shop"), PurposeId("order_fulfilment"), (FieldName("email"), FieldName("city")))
    async with open_registry(settings, serving=False) as registry:
        line.send("ready")
        while seconds := await asyncio.to_thread(line.recv):
            times: list[float] = []
            failures = 0
            until = time.perf_counter() + seconds

            async def reader(until: float = until, times: list[float] = times) -> int:
                chance, failed = random.Random(), 0
                while time.perf_counter() < until:
                    began = time.perf_counter()
                    try:
                        (read,) = await disclose(registry, SHOP, request, [chance.choice(people)])
                        failed += not isinstance(read, Disclosed)
                    except Exception:  # noqa: BLE001 - whatever it is, it is a read that failed
                        failed += 1
                    times.append((time.perf_counter() - began) * 1000)
                    await asyncio.sleep(SECONDS_BETWEEN_READS)
                return failed

            failures = sum(await asyncio.gather(*(reader() for _ in range(READERS))))
            line.send((statistics.quantiles(times, n=100)[98], failures))


async def _erase(registry: Registry) -> None:
    now = await registry.database.now()
    given = [_customer(f"gone-{number}", now) for number in range(40)]
    people = [one.subject_id for one in await upsert(registry, SHOP, given) if one.subject_id]
    working: list[float] = []
    erasing: list[float] = []
    empty: list[float] = []
    for subject_id in people:
        began = time.perf_counter()
        async with registry.change(erasing=True) as change:
            entered = time.perf_counter()
            _, erased = await erase_within(change, SYSTEM, subject_id)
            change.record(erasure_entry(SYSTEM, change.policy, subject_id, erased))
            await change.session.flush()
            working.append((time.perf_counter() - entered) * 1000)
        erasing.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        async with registry.change(erasing=True) as change:
            change.journal(JournalKind.PIN, None, "bench")
            change.record(Entry(EventTag.START, Outcome.DONE, policy=change.policy.version))
        empty.append((time.perf_counter() - began) * 1000)
    longer = statistics.median(erasing) - statistics.median(empty)
    print(
        f"erase: {statistics.median(working):.1f} ms of work before its commits;"
        f" {longer:.1f} ms longer than an empty change with the same commits ({statistics.median(empty):.1f} ms)"
    )


def _seal_and_open() -> None:
    from registry.keys import KeyRing, open_provider

    ring = KeyRing(open_provider("file:/nonexistent"))
    ring.hold_epoch(1, secrets.token_bytes(32))
    subject_id = uuid4()
    key, wrapped = ring.new_data_key(subject_id, Category.MASTER)
    names = [FieldName(f"field_{number}") for number in range(FIELDS)]
    places = [Place(subject_id, Category.MASTER, name, uuid4(), 1) for name in names]
    values = [secrets.token_bytes(24) for _ in names]
    permit = Permit(
        SubjectId(subject_id),
        PurposeId("any"),
        "1",
        datetime.now(UTC),
        tuple(names),
        {place.row_id: place.field for place in places},
        {Category.MASTER: LegalBasis.CONTRACT},
    )
    recorded = Recorded(permit, 0, uuid4())
    cipher, bound = AESGCM(key.key), secrets.token_bytes(56)

    def ours() -> None:
        sealed = [seal(value, place, key) for value, place in zip(values, places, strict=True)]
        assert len(open_sealed(sealed, recorded, ring, {Category.MASTER: wrapped})) == FIELDS

    def bare() -> None:
        for value in values:
            nonce = secrets.token_bytes(12)
            cipher.decrypt(nonce, cipher.encrypt(nonce, value, bound), bound)

    timed = [(_timed(ours), _timed(bare)) for _ in range(5)]
    ours_us, bare_us = (statistics.median(column) * 1e6 for column in zip(*timed, strict=True))
    print(
        f"seal and open {FIELDS} fields: {ours_us:.0f} µs, bare AES-GCM {bare_us:.0f} µs, ratio {ours_us / bare_us:.2f}"
    )


def _timed(work: Callable[[], None], count: int = 1_000) -> float:
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count


if __name__ == "__main__":
    main()
