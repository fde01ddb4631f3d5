"""What recording costs: full entries in the tree against a hash chain, and what looking at a long log costs.

Method: 32 callers wait for their entry at any time; each entry is a disclosure of ten fields of one person, with
commitment, opening, reasons and all indexes, written as the service writes it. On PostgreSQL the baseline is a hash
chain: 32 connections, each locks the head row, hashes the entry onto the last hash, inserts it and commits. Rounds are
interleaved; figures are medians. CPU is this process's, per entry. Stored bytes are what the tables and indexes grew
by, per entry. PostgreSQL is a real one on disk with fsync and synchronous_commit on; SQLite runs WAL with FULL. The
chain flushes for every entry, the tree for a batch: how far apart they are is also the disk's doing, so the median of
200 flushes of 8 kB is told beside them.
One call with many people is timed alone. `verify` and searches run over made-up logs (`benchmarks/long_logs.py`).

    script/bench audit [--part record|crowd|verify|search] [--engine sqlite|postgresql] [--rounds 3] [--seconds 2]
                       [--large 1000000] [--keep FOLDER]

With `--keep` long logs in files are made once, in that folder, and measured there again by the next run.
"""

import argparse
import asyncio
import hashlib
import os
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from sqlalchemy.engine import make_url

from api.compose import open_registry
from api.settings import Settings
from audit import event
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import AuditLog
from benchmarks import long_logs
from benchmarks.long_logs import entry_of
from registry.context import Registry
from registry.migrations import upgrade
from tests.postgres import Postgres

CALLERS = 32
PEOPLE = 200
CROWD = 100_000
FLUSHES = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=["record", "crowd", "verify", "search"])
    parser.add_argument("--engine", choices=["postgresql", "sqlite"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    parts = [options.part] if options.part else ["record", "crowd", "verify", "search"]
    place = os.environ.get("BENCH_DIR", "/var/tmp")  # noqa: S108 - on disk, private
    for engine in [options.engine] if options.engine else ["postgresql", "sqlite"]:
        for part, measure in (("record", _record), ("crowd", _crowd)):
            if part not in parts:
                continue
            with ExitStack() as stack:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
                url = f"sqlite:///{home / 'registry.db'}"
                if engine == "postgresql":
                    url = stack.enter_context(Postgres(on_disk=True)).create_database("bench").url()
                upgrade(url)
                uvloop.run(measure(engine, url, home, options))
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
        folder.mkdir(parents=True, exist_ok=True)
        if "verify" in parts:
            long_logs.verify(folder, options.large)
        sizes = (long_logs.SMALL, options.large)
        if "search" in parts and options.engine != "postgresql":
            uvloop.run(long_logs.search("sqlite", dict.fromkeys(sizes, ""), folder))
        if "search" in parts and options.engine != "sqlite":
            server = stack.enter_context(Postgres(on_disk=True))
            urls = {size: server.create_database(f"log_{size}").url() for size in sizes}
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
            uvloop.run(long_logs.search("postgresql", urls, home))


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
    tree, chain_rate = statistics.median(rates["tree"]), statistics.median(rates["chain"])
    ratio = f", {tree / chain_rate:.1f} x a chain ({chain_rate:,.0f}/s)" if chain_rate else ""
    print(f"{engine}: {tree:,.0f} entries/s at {CALLERS} waiting{ratio}; CPU {statistics.median(cpu):.0f} us an entry")
    print(f"{engine}: {bytes_each:.0f} bytes an entry; a flush takes {_flush_ms(home):.2f} ms on this disk")


async def _crowd(engine: str, url: str, home: Path, _options: argparse.Namespace) -> None:
    async with open_registry(Settings(home=home, database_url=url, secure_cookies=False)) as registry:
        crowd = await _people(registry, CROWD)
        entry = Entry(EventTag.DECIDE, Outcome.PERMIT, client="shop", persons=tuple(PersonRef(one) for one in crowd))
        started = time.perf_counter()
        await registry.log.append(entry, None)
        took = time.perf_counter() - started
    print(f"{engine}: one call touching {CROWD:,} people {took:.2f} s")


async def _append(log: AuditLog, person: UUID) -> None:
    await log.append(entry_of(person), None)


async def _people(registry: Registry, count: int) -> list[UUID]:
    """Persons of the log alone, with an audit key each; ids as the service has them, from the database."""
    refs = [UUID(bytes=secrets.token_bytes(16)) for _ in range(count)]
    rows = [(ref, *registry.ring.new_audit_key(ref)) for ref in refs]
    engine = registry.database.engine
    if engine == "sqlite":
        path = registry.database.audit_store()._path  # type: ignore[attr-defined]  # noqa: SLF001 - the file itself
        with sqlite3.connect(path) as connection:
            connection.executemany(
                "INSERT INTO audit_person_key VALUES (?, ?, ?)", [(ref.bytes, epoch, key) for ref, epoch, key in rows]
            )
        connection.close()
    else:
        connection = await asyncpg.connect(registry.database.audit_store()._dsn)  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        await connection.copy_records_to_table("audit_person_key", records=rows)
        refs = [row[0] for row in await connection.fetch("SELECT unnest($1::uuid[])", refs)]
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
    body = event.body(entry_of(UUID(int=0)), UUID(int=0), 0, [bytes(32)], None)

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


def _flush_ms(folder: Path) -> float:
    took = []
    with (folder / "flushed").open("wb") as file:
        for _ in range(FLUSHES):
            file.write(bytes(8192))
            started = time.perf_counter()
            file.flush()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


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


if __name__ == "__main__":
    main()
