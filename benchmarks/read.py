"""The protected read of ten fields against the same read without protection.

Method: 2,000 customers with ten fields. Three servers at a time stay up on each engine: the service (token, decision,
decryption, durable audit entry in the tree), FastAPI with an async SQLModel session, and bare ASGI with a held
connection; all under uvicorn with uvloop and httptools, one process each. A load process holds 32 connections and asks
for random customers. Rounds are interleaved (one server after the other, again and again); the figures are medians over
the rounds. What is unprotected lies in a database of its own, in the same server or folder: the registry starts on none
that holds columns it does not know. CPU is what the kernel accounts to the server's process (not to PostgreSQL), per
request. PostgreSQL is a real one on disk with fsync and synchronous_commit on; SQLite runs WAL with synchronous=FULL.

    script/bench read [--rounds 5] [--seconds 3] [--engine sqlite|postgresql]
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.compose import open_registry
from api.settings import Settings
from benchmarks.baselines import CREATE, FIELDS
from policies.vocabulary import FieldName, PurposeId, RelationshipKind
from registry.clients import create_client
from registry.context import Caller
from registry.migrations import async_url, upgrade
from registry.records import GivenValue
from registry.relationships import GivenRelationship
from registry.subjects import GivenSubject, upsert
from tests.postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS = 2000
CHUNK = 50
CONNECTIONS = 32
START_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Server:
    """One server under load and what was measured of it."""

    name: str
    port: int
    pid: int
    paths: list[str] = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def main() -> None:
    """Measure both engines and print a table with ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    for engine in [options.engine] if options.engine else ["postgresql", "sqlite"]:
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp"))))  # noqa: S108 - on disk, private
            url, plain = (f"sqlite:///{home / name}" for name in ("registry.db", "plain.db"))
            if engine == "postgresql":
                postgres = stack.enter_context(Postgres(on_disk=True))
                url, plain = (postgres.create_database(name).url() for name in ("bench", "plain"))
            _measure(stack, engine, (url, plain), home, options)


def _measure(stack: ExitStack, engine: str, urls: tuple[str, str], home: Path, options: argparse.Namespace) -> None:
    url, plain = urls
    settings = Settings(home=home, database_url=url, secure_cookies=False)
    upgrade(url)
    ids, secret = asyncio.run(_fill(settings))
    asyncio.run(_fill_plain(plain, ids))
    servers = [
        stack.enter_context(_service(settings, ids, secret)),
        stack.enter_context(_baseline("sqlmodel", plain, ids)),
        stack.enter_context(_baseline("raw", plain, ids)),
    ]
    for server in servers:
        _round(server, 1.0, keep=False)
    for _ in range(options.rounds):
        for server in servers:
            _round(server, options.seconds, keep=True)
    _report(engine, servers)


async def _fill(settings: Settings) -> tuple[list[UUID], str]:
    chance = random.Random(7)
    async with open_registry(settings) as registry:
        secret = await create_client(registry, "shop")
        now = await registry.database.now()
        ids: list[UUID] = []
        for start in range(0, CUSTOMERS, CHUNK):
            given = [
                GivenSubject(
                    f"bench-{number}",
                    "shop",
                    values={
                        FieldName(name): GivenValue(value, PurposeId("order_fulfilment"), observed_at=now)
                        for name, value in _values(number, chance).items()
                    },
                    relationships=[GivenRelationship(RelationshipKind.CONTRACT, "o-1", "shop", now)],
                )
                for number in range(start, start + CHUNK)
            ]
            ids += [one.subject_id for one in await upsert(registry, Caller("shop"), given) if one.subject_id]
    return ids, secret


def _values(number: int, chance: random.Random) -> dict[str, str]:
    return {
        "first_name": f"Vorname{number}",
        "last_name": f"Nachname{number}",
        "email": f"bench.{number}@example.com",
        "phone": f"+4930231250{chance.randrange(100):02d}",
        "street": f"Teststraße {number}",
        "postcode": f"{10000 + number}",
        "city": "Berlin",
        "country": "DE",
        "customer_number": f"K-{number}",
        "language": "de",
    }


async def _fill_plain(url: str, ids: list[UUID]) -> None:
    chance = random.Random(7)
    engine = create_async_engine(async_url(url))
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            await connection.execute(text("PRAGMA journal_mode = WAL"))
    insert = text(
        f"INSERT INTO plain_customer VALUES (:id, {', '.join(f':{name}' for name in FIELDS)})",  # noqa: S608 - own names
    )
    async with engine.begin() as connection:
        await connection.execute(text(CREATE.format(id_type="TEXT")))
        rows = [{"id": str(id_), **_values(number, chance)} for number, id_ in enumerate(ids)]
        await connection.execute(insert, rows)
    await engine.dispose()
    if make_url(url).get_backend_name() == "postgresql":
        connection_ = await asyncpg.connect(
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        await connection_.execute("VACUUM ANALYZE")
        await connection_.close()


@contextmanager
def _service(settings: Settings, ids: list[UUID], secret: str) -> Iterator[Server]:
    environment = {
        "REGISTRY_HOME": str(settings.home),
        "REGISTRY_DATABASE_URL": settings.database_url,
        "REGISTRY_SECURE_COOKIES": "false",
    }
    port = _free_port()
    with _running(["-m", "api.cli", "serve"], {**environment, "REGISTRY_PORT": str(port)}, port) as pid:
        token = httpx.post(
            f"http://127.0.0.1:{port}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=("shop", secret),
        ).json()["access_token"]
        query = f"purpose=order_fulfilment&fields={','.join(FIELDS)}"
        paths = [f"/v1/subjects/{id_}?{query}" for id_ in ids]
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.get(f"http://127.0.0.1:{port}{paths[0]}", headers=headers).json()
        if len(answer["fields"]) != len(FIELDS):
            raise SystemExit("the service did not give all ten fields")
        yield Server("protected", port, pid, paths, headers)


@contextmanager
def _baseline(name: str, url: str, ids: list[UUID]) -> Iterator[Server]:
    port = _free_port()
    arguments = ["-m", "uvicorn", "--factory", f"benchmarks.baselines:{name}_app", "--port", str(port)]
    arguments += ["--log-level", "warning", "--no-access-log"]
    with _running(arguments, {"BASELINE_URL": url}, port) as pid:
        yield Server(name, port, pid, [f"/v1/subjects/{id_}" for id_ in ids])


@contextmanager
def _running(arguments: list[str], environment: dict[str, str], port: int) -> Iterator[int]:
    process = subprocess.Popen(  # noqa: S603 - our own servers
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise SystemExit("a server ended at its start")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)


def _round(server: Server, seconds: float, *, keep: bool) -> None:
    given = json.dumps({"paths": random.sample(server.paths, len(server.paths)), "headers": server.headers})
    before = _cpu_seconds(server.pid)
    run = subprocess.run(  # noqa: S603 - our own load
        [sys.executable, "-m", "benchmarks.load", "127.0.0.1", str(server.port), str(CONNECTIONS), str(seconds)],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=seconds + START_SECONDS,
    )
    spent = _cpu_seconds(server.pid) - before
    result = json.loads(run.stdout)
    if keep:
        server.rates.append(result["requests"] / result["seconds"])
        server.cpu_us.append(spent / result["requests"] * 1e6)
        server.p50_ms.append(result["latencies_ms"][0])
        server.p99_ms.append(result["latencies_ms"][1])


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads, as the kernel accounts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _report(engine: str, servers: list[Server]) -> None:
    protected = servers[0]
    rounds = len(protected.rates)
    print(f"\n{engine}: {CUSTOMERS} customers, ten fields, {CONNECTIONS} connections, medians of {rounds} rounds")
    print(f"{'read':<12}{'req/s':>10}{'CPU µs/req':>12}{'p50 ms':>9}{'p99 ms':>9}{'protected is':>16}")
    for server in servers:
        rate = statistics.median(server.rates)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(protected.rates, server.rates, strict=True))
        print(
            f"{server.name:<12}{rate:>10.0f}{statistics.median(server.cpu_us):>12.0f}"
            f"{statistics.median(server.p50_ms):>9.1f}{statistics.median(server.p99_ms):>9.1f}{ratio:>14.2f} x",
        )


if __name__ == "__main__":
    main()
