"""What recording costs: full entries in the tree against a hash chain, and what looking at a long log costs.

Method: 32 callers wait for their entry at any time; each entry is a disclosure of ten fields of one person, with
commitment, opening, reasons and all indexes, written as the service writes it. On PostgreSQL the baseline is a hash
chain: 32 connections, each locks the head row, hashes the entry onto the last hash, inserts it and commits. Rounds are
interleaved; figures are medians. CPU is this process's, per entry. Stored bytes are what the tables and indexes grew
by, per entry. PostgreSQL is a real one on disk with fsync and synchronous_commit on; SQLite runs WAL with FULL.
One call with many people is timed alone. `verify` and searches run over made-up logs of the given sizes: bodies as the
service writes them, put into tables and files without the service.

    script/bench audit [--rounds 3] [--seconds 2] [--engine sqlite|postgresql] [--large 1000000]
"""

import argparse
import asyncio
import hashlib
import os
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

from api.compose import open_registry
from api.settings import Settings
from audit import checkpoint, event, export, merkle
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import AuditLog, Filters
from audit.store import Leaf, Opening
from registry.context import Registry
from registry.migrations import upgrade
from tests.postgres import Postgres

CALLERS = 32
PEOPLE = 200
CROWD = 100_000
FIELDS = tuple(f"field_{number}" for number in range(10))
SMALL = 10_000
SEARCHES = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "none"])
    parser.add_argument("--large", type=int, default=1_000_000)
    options = parser.parse_args()
    place = os.environ.get("BENCH_DIR", "/var/tmp")  # noqa: S108 - on disk, private
    for engine in [options.engine] if options.engine else ["postgresql", "sqlite"]:
        if engine == "none":
            continue
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
            url = f"sqlite:///{home / 'registry.db'}"
            if engine == "postgresql":
                url = stack.enter_context(Postgres(on_disk=True)).create_database("bench").url()
            upgrade(url)
            uvloop.run(_record(engine, url, home, options))
    if options.large:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            _verify(Path(folder), options.large)
            asyncio.run(_search(Path(folder), options.large))


def _entry(person: UUID) -> Entry:
    return Entry(
        EventTag.DISCLOSE,
        Outcome.PERMIT,
        client="shop",
        purpose="order_fulfilment",
        bases=("A6-1-b",),
        categories=("master",),
        fields=FIELDS,
        policy="2026-11-01",
        persons=(PersonRef(person, "permit:" + ",".join(FIELDS)),),
    )


async def _record(engine: str, url: str, home: Path, options: argparse.Namespace) -> None:
    settings = Settings(home=home, database_url=url, secure_cookies=False)
    async with open_registry(settings) as registry:
        people = await _people(registry, PEOPLE)
        log = registry.log
        rates: dict[str, list[float]] = {"tree": [], "chain": []}
        cpu: list[float] = []
        before_bytes, before_size = await _stored(engine, url), await log.size()
        async with _chain(engine, url) as chain:
            for number in range(options.rounds + 1):
                started = time.process_time()
                count, rate = await _callers(lambda at: _append(log, people[at % PEOPLE]), options.seconds)
                used = (time.process_time() - started) / count * 1e6
                chained = await _callers(chain, options.seconds) if chain else (0, 0.0)
                if number:
                    rates["tree"].append(rate)
                    rates["chain"].append(chained[1])
                    cpu.append(used)
        size = await log.size() - before_size
        bytes_each = (await _stored(engine, url) - before_bytes) / size
        crowd = await _people(registry, CROWD)
        entry = Entry(EventTag.DECIDE, Outcome.PERMIT, client="shop", persons=tuple(PersonRef(one) for one in crowd))
        started = time.perf_counter()
        await log.append(entry, None)
        took = time.perf_counter() - started
    tree, chain_rate = statistics.median(rates["tree"]), statistics.median(rates["chain"])
    ratio = f", {tree / chain_rate:.1f} x a chain ({chain_rate:,.0f}/s)" if chain_rate else ""
    print(f"{engine}: {tree:,.0f} entries/s at {CALLERS} waiting{ratio}; CPU {statistics.median(cpu):.0f} us an entry")
    print(f"{engine}: {bytes_each:.0f} bytes an entry; one call touching {CROWD:,} people {took:.2f} s")


async def _append(log: AuditLog, person: UUID) -> None:
    await log.append(_entry(person), None)


async def _people(registry: Registry, count: int) -> list[UUID]:
    """Persons of the log alone, with an audit key each."""
    refs = [UUID(bytes=secrets.token_bytes(16)) for _ in range(count)]
    rows = [(ref, *registry.ring.new_audit_key(ref)) for ref in refs]
    engine = registry.database.engine
    if engine == "sqlite":
        path = make_url(registry.database.audit_store()._path.as_posix()).database  # type: ignore[attr-defined]  # noqa: SLF001 - the file itself
        with sqlite3.connect(path or "") as connection:
            connection.executemany(
                "INSERT INTO audit_person_key VALUES (?, ?, ?)", [(ref.bytes, epoch, key) for ref, epoch, key in rows]
            )
        connection.close()
    else:
        connection = await asyncpg.connect(registry.database.audit_store()._dsn)  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        await connection.copy_records_to_table("audit_person_key", records=rows)
        await connection.close()
    return refs


async def _callers(call: Callable[[int], Awaitable[object]], seconds: float) -> tuple[int, float]:
    """32 callers, one after another each; returns how many calls there were, and how many a second."""
    until = time.perf_counter() + seconds
    counts = [0] * CALLERS

    async def caller(number: int) -> None:
        while time.perf_counter() < until:
            await call(counts[number] * CALLERS + number)
            counts[number] += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return sum(counts), sum(counts) / (time.perf_counter() - started)


@asynccontextmanager
async def _chain(engine: str, url: str) -> AsyncIterator[Callable[[int], Awaitable[object]] | None]:
    """The baseline on PostgreSQL; SQLite's one writer has none worth comparing."""
    if engine == "sqlite":
        yield None
        return
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    pool = await asyncpg.create_pool(dsn, min_size=CALLERS, max_size=CALLERS)
    await pool.execute("CREATE TABLE chain_head (id int PRIMARY KEY, hash bytea)")
    await pool.execute("CREATE TABLE chain (id bigserial PRIMARY KEY, hash bytea, body bytea)")
    await pool.execute("INSERT INTO chain_head VALUES (1, '')")
    body = event.body(_entry(UUID(int=0)), UUID(int=0), 0, [bytes(32)], None)

    async def call(_: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            last = await connection.fetchval("SELECT hash FROM chain_head WHERE id = 1 FOR UPDATE")
            digest = hashlib.sha256(last + body).digest()
            await connection.execute("INSERT INTO chain (hash, body) VALUES ($1, $2)", digest, body)
            await connection.execute("UPDATE chain_head SET hash = $1 WHERE id = 1", digest)

    try:
        yield call
    finally:
        await pool.close()


async def _stored(engine: str, url: str) -> int:
    """Bytes of the log's tables and indexes."""
    tables = ("audit_leaf", "audit_opening", "audit_node", "audit_reason", "audit_commitments")
    if engine == "sqlite":
        with sqlite3.connect(make_url(url).database or "") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.close()
        return pages * 4096
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        return sum([await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", name) for name in tables])
    finally:
        await connection.close()


def _made_up(count: int) -> Iterator[tuple[Leaf, Opening]]:
    """Entries of one person each; every hundredth is refused, every thousandth for a rare reason."""
    refs = [UUID(bytes=secrets.token_bytes(16)) for _ in range(1000)]
    for index in range(count):
        uid, ref = UUID(bytes=secrets.token_bytes(16)), refs[index % 1000]
        entry = _entry(ref)
        body = event.body(entry, uid, 1_770_000_000 + index // 50, [secrets.token_bytes(32)], None)
        yield (
            Leaf(
                index,
                uid,
                merkle.leaf_hash(body),
                body,
                1_770_000_000 + index // 50,
                entry.operation.value,
                "deny" if index % 100 == 0 else "permit",
                entry.purpose,
                f"client_{index % 20}",
            ),
            Opening(ref, index, 0, entry.persons[0].detail),
        )


def _verify(folder: Path, count: int) -> None:
    key = _export(folder / "export", count)
    started = time.perf_counter()
    command = [sys.executable, "-I", str(folder / "export" / "verify.py"), str(folder / "export"), "--key", key]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    print(f"verify of {count:,} entries: {time.perf_counter() - started:.1f} s on one core")
    steps = max(len(merkle.inclusion_ranges(index, count)) for index in (0, count // 2, count - 1))
    print(f"a proof at {count:,}: {steps * merkle.HASH_SIZE} bytes of hashes")


def _export(folder: Path, count: int) -> str:
    """Writes a made-up log; returns its verifier key."""
    made = list(_made_up(count))
    tree = merkle.CompactRange()
    for leaf, _ in made:
        tree.append(leaf.hash)
    signer = Ed25519PrivateKey.generate()
    note = checkpoint.sign(checkpoint.Checkpoint("bench", count, tree.root()), "bench", signer)
    key = checkpoint.verifier_key("bench", signer.public_key())
    leaves, openings = (leaf for leaf, _ in made), (opening for _, opening in made)
    asyncio.run(export.write_export(folder, note, [key], leaves, openings))
    return key


async def _search(folder: Path, large: int) -> None:
    medians: dict[int, dict[str, float]] = {}
    for count in (SMALL, large):
        settings = Settings(home=folder / str(count), secure_cookies=False)
        upgrade(settings.database)
        async with open_registry(settings) as registry:
            start = await registry.log.size()
            await asyncio.to_thread(_load, settings, count, start)
            medians[count] = await _searched(registry.log, count)
    small, big = medians[SMALL], medians[large]
    for name, took in big.items():
        print(f"search by {name}: {took:.2f} ms at {large:,}, {took / small[name]:.1f} x that at {SMALL:,}")


def _load(settings: Settings, count: int, start: int) -> None:
    """Rows for searching and proving; the head is not touched, so the log itself goes on from where it was."""
    path = make_url(settings.database).database or ""
    connection = sqlite3.connect(path)
    tree, nodes = merkle.CompactRange(), []

    def rows() -> Iterable[tuple[object, ...]]:
        for leaf, opening in _made_up(count):
            nodes.extend(tree.append(leaf.hash))
            at = start + leaf.index
            connection.execute(
                "INSERT INTO audit_opening VALUES (?, ?, ?, ?, 0)", (opening.person_ref.bytes, at, 0, opening.detail)
            )
            if leaf.index % 1000 == 0:
                connection.execute("INSERT INTO audit_reason VALUES ('RARE', ?)", (at,))
            columns = (leaf.second, leaf.operation, leaf.outcome, leaf.purpose, leaf.client)
            yield (at, leaf.uid.bytes, leaf.hash, leaf.body, *columns)

    with connection:
        connection.executemany("INSERT INTO audit_leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
    connection.execute("ANALYZE")
    connection.close()


async def _searched(log: AuditLog, count: int) -> dict[str, float]:
    middle = count // 2
    chosen = {
        "nothing": Filters(),
        "client": Filters(client="client_7", before=middle),
        "refusal": Filters(outcome="deny", before=middle),
        "reason": Filters(reason="RARE"),
        "purpose": Filters(purpose="order_fulfilment", before=middle),
    }
    (first, *_) = await log.search(Filters(before=middle), 1)
    (opening, *_) = await log.persons_of(first.index)
    chosen["person"] = Filters(person=opening.person_ref)
    chosen["period"] = Filters(since=first.at)
    found: dict[str, float] = {}
    for name, filters in chosen.items():
        took = []
        for _ in range(SEARCHES):
            started = time.perf_counter()
            await log.search(filters, 50)
            took.append((time.perf_counter() - started) * 1000)
        found[name] = statistics.median(took)
    return found


if __name__ == "__main__":
    main()
