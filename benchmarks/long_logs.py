"""Made-up logs of any length, as rows and as exports: what looking at a long log costs.

Bodies are as the service writes them, put into tables and files without the service. `verify` is the stand-alone
program in an interpreter of its own, on one core, start included. Searches go through the product, on either engine;
every page they find has 50 entries at both sizes. Figures are medians.
"""

import asyncio
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

from api.compose import open_registry
from api.settings import Settings
from audit import checkpoint, event, export, merkle
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import AuditLog, Filters
from audit.store import Leaf, Opening
from registry.migrations import upgrade_async

FIELDS = tuple(f"field_{number}" for number in range(10))
PERSONS = 100
CLIENTS = 20
REFUSED = 100
SMALL = 10_000
SEARCHES = 20
LOADED = 50_000
VERIFIED = 3
FIRST = 1_770_000_000


def entry_of(person: UUID, *, refused: bool = False, client: str = "shop") -> Entry:
    """A disclosure of ten fields of one person, or the refusal of one."""
    return Entry(
        EventTag.DISCLOSE,
        Outcome.DENY if refused else Outcome.PERMIT,
        client=client,
        purpose="order_fulfilment",
        bases=("A6-1-b",),
        categories=("master",),
        fields=FIELDS,
        reasons=("RARE",) if refused else (),
        policy="2026-11-01",
        persons=(PersonRef(person, "deny" if refused else "permit:" + ",".join(FIELDS)),),
    )


def made_up(count: int) -> Iterator[tuple[Leaf, Opening]]:
    """Entries of one person each, every hundredth refused."""
    refs = [UUID(bytes=secrets.token_bytes(16)) for _ in range(PERSONS)]
    for index in range(count):
        uid, ref, second = UUID(bytes=secrets.token_bytes(16)), refs[index % PERSONS], FIRST + index // 50
        entry = entry_of(ref, refused=index % REFUSED == 0, client=f"client_{index % CLIENTS}")
        body = event.body(entry, uid, second, [secrets.token_bytes(32)], None)
        columns = (entry.operation.value, entry.outcome.value, entry.purpose, entry.client)
        yield (
            Leaf(index, uid, merkle.leaf_hash(body), body, second, *columns, entry.reasons),
            Opening(ref, index, 0, entry.persons[0].detail),
        )


def verify(folder: Path, count: int) -> None:
    """Time `verify.py` over an export of so many entries."""
    exported, key_file = folder / f"export-{count}", folder / f"export-{count}.key"
    if not key_file.exists():
        key_file.write_text(write_export(exported, count), encoding="utf-8")
    command = [sys.executable, "-I", str(exported / "verify.py"), str(exported), "--key", key_file.read_text("utf-8")]
    took = []
    for _ in range(VERIFIED):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
        took.append(time.perf_counter() - started)
    print(f"verify of {count:,} entries: {statistics.median(took):.1f} s on one core")
    steps = max(len(merkle.inclusion_ranges(index, count)) for index in (0, count // 2, count - 1))
    print(f"a proof at {count:,}: {steps * merkle.HASH_SIZE} bytes of hashes")


def write_export(folder: Path, count: int) -> str:
    """Write a made-up log; returns its verifier key."""
    tree, openings = merkle.CompactRange(), []
    signer = Ed25519PrivateKey.generate()
    key = checkpoint.verifier_key("bench", signer.public_key())
    made = list(made_up(count))
    for leaf, opening in made:
        tree.append(leaf.hash)
        openings.append(opening)
    note = checkpoint.sign(checkpoint.Checkpoint("bench", count, tree.root()), "bench", signer)
    asyncio.run(export.write_export(folder, note, [key], (leaf for leaf, _ in made), openings))
    return key


async def search(engine: str, urls: Mapping[int, str], folder: Path) -> None:
    """Time a page of every filter in a small and in a long log; `urls` by the number of entries, "" = in `folder`."""
    medians: list[dict[str, float]] = []
    for count, url in urls.items():
        settings = Settings(home=folder / f"log-{count}", database_url=url, secure_cookies=False)
        fresh = bool(url) or not settings.home.exists()
        if fresh:
            settings.home.mkdir(parents=True, exist_ok=True)
            await upgrade_async(settings.database)
        async with open_registry(settings) as registry:
            if fresh:
                load = _load_postgres if engine == "postgresql" else _load_sqlite
                await load(settings, count, await registry.log.size())
            medians.append(await _searched(registry.log, count))
    small, big = medians
    for name, took in big.items():
        print(
            f"{engine}: search by {name}: {took:.2f} ms at {max(urls):,}, {took / small[name]:.1f} x that at {SMALL:,}"
        )


def _rows(count: int, start: int) -> Iterator[tuple[Leaf, Opening]]:
    """Entries for searching; the head is not touched, so the log itself goes on from where it was."""
    for leaf, opening in made_up(count):
        yield replace(leaf, index=start + leaf.index), opening._replace(leaf=start + leaf.index)


async def _load_sqlite(settings: Settings, count: int, start: int) -> None:
    connection = sqlite3.connect(make_url(settings.database).database or "")
    with connection:
        for leaf, opening in _rows(count, start):
            columns = (leaf.second, leaf.operation, leaf.outcome, leaf.purpose, leaf.client)
            connection.execute(
                "INSERT INTO audit_leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (leaf.index, leaf.uid.bytes, leaf.hash, leaf.body, *columns),
            )
            connection.execute("INSERT INTO audit_opening VALUES (?, ?, ?, ?, ?)", (opening[0].bytes, *opening[1:]))
            connection.executemany(
                "INSERT INTO audit_reason VALUES (?, ?)", [(reason, leaf.index) for reason in leaf.reasons]
            )
    connection.execute("ANALYZE")
    connection.close()


async def _load_postgres(settings: Settings, count: int, start: int) -> None:
    dsn = make_url(settings.database).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    rows = _rows(count, start)
    while part := list(islice(rows, LOADED)):
        leaves = [
            (one.index, one.uid, one.hash, one.body, one.second, one.operation, one.outcome, one.purpose, one.client)
            for one, _ in part
        ]
        await connection.copy_records_to_table("audit_leaf", records=leaves)
        await connection.copy_records_to_table("audit_opening", records=[opening for _, opening in part])
        await connection.copy_records_to_table(
            "audit_reason", records=[(reason, one.index) for one, _ in part for reason in one.reasons]
        )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _searched(log: AuditLog, count: int) -> dict[str, float]:
    middle = count // 2
    (last, *_) = await log.search(Filters(before=middle), 1)
    (opening, *_) = await log.persons_of(last.index)
    chosen = {
        "nothing": Filters(),
        "client": Filters(client="client_7", before=middle),
        "refusal": Filters(outcome="deny"),
        "permit": Filters(outcome="permit", before=middle),
        "reason": Filters(reason="RARE"),
        "purpose": Filters(purpose="order_fulfilment", before=middle),
        "operation": Filters(operation="disclose", before=middle),
        "person": Filters(person=opening.person_ref),
        "since": Filters(since=last.at),
        "until": Filters(until=last.at),
    }
    found: dict[str, float] = {}
    for name, filters in chosen.items():
        took = []
        for _ in range(SEARCHES):
            started = time.perf_counter()
            page = await log.search(filters, 50)
            took.append((time.perf_counter() - started) * 1000)
            assert len(page) == 50, (name, len(page))
        found[name] = statistics.median(took)
    return found
