"""The service as a process that can be killed, and a crowd of callers that remembers every answer it got."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from api.compose import open_registry
from api.settings import Settings
from registry.clients import create_client

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
_NOBODY = 1 << 22
"""A process id that no process has."""
_ASKING = threading.Lock()
CALLERS = 8
READS = 8


@dataclass(slots=True)
class Answers:
    """What callers were told, and so may rely on: who was read with which entry, and signed checkpoints."""

    reads: list[tuple[UUID, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    kills: int = 0
    some: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        return len(self.reads) + len(self.created) + len(self.withdrawn)


@asynccontextmanager
async def services_of(settings: Settings, processes: int) -> AsyncIterator[list["Service"]]:
    """So many processes of one installation, not started; they share database, journal, pins and credential."""
    async with open_registry(settings) as registry:
        secret = await create_client(registry, "shop")
    with _nursery() as nursery:  # at the end its input is closed, it ends whoever is left, and is waited for
        yield [Service(settings, secret, nursery) for _ in range(processes)]


def _nursery() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


class Service:
    """`registry serve` on a free port, with everything under one folder."""

    def __init__(self, settings: Settings, secret: str, nursery: "subprocess.Popen[bytes]") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.settings = settings.model_copy(update={"port": port})
        self.address = f"http://127.0.0.1:{port}"
        self._nursery = nursery
        self._process = 0
        self._secret = secret

    def start(self) -> None:
        """Start, and wait until it answers."""
        environment = {
            f"REGISTRY_{name.upper()}": str(value)
            for name, value in self.settings.model_dump(exclude_defaults=True).items()
            if value is not None
        }
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        with _ASKING:
            self._nursery.stdin.write(json.dumps(environment).encode() + b"\n")
            self._nursery.stdin.flush()
            self._process = int(self._nursery.stdout.readline())
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.is_alive, "the service ended at its start"
            if self._answers():
                return
            time.sleep(0.02)
        raise AssertionError("the service does not answer")

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.settings.port, timeout=2)
        try:
            connection.request("GET", "/.well-known/jwks.json")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    @property
    def is_alive(self) -> bool:
        """Whether it has been started and not ended."""
        try:
            os.kill(self._process or _NOBODY, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self._process, signal.SIGKILL)
        while self.is_alive:
            time.sleep(0.001)

    async def crowd(self, answers: Answers, seconds: float, enough: asyncio.Event) -> None:
        """Callers that create, read and withdraw until the service is gone, somebody says enough, or time is up."""
        async with httpx.AsyncClient(base_url=self.address, timeout=10) as http:
            try:
                token = await http.post(
                    "/oauth/token",
                    data={"grant_type": "client_credentials"},
                    auth=("shop", self._secret),
                )
            except httpx.TransportError:
                return
            http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
            until = time.monotonic() + seconds
            await asyncio.gather(*(_caller(http, answers, until, enough) for _ in range(CALLERS)))


async def _caller(http: httpx.AsyncClient, answers: Answers, until: float, enough: asyncio.Event) -> None:
    try:
        while time.monotonic() < until and not enough.is_set():
            await _visit(http, answers)
    except httpx.TransportError:
        return


async def _visit(http: httpx.AsyncClient, answers: Answers) -> None:
    now = "2026-01-01T00:00:00Z"
    customer = {
        "external_id": f"killed-{uuid4()}",
        "source": "shop",
        "values": {"city": {"value": "Kiel", "collected_for": "order_fulfilment", "observed_at": now}},
        "relationships": [{"kind": "contract", "reference": "o-1", "source": "shop", "opened_at": now}],
    }
    created = await http.patch("/v1/subjects", json=customer)
    if created.status_code != httpx.codes.CREATED:
        return
    subject_id = created.json()["subject_id"]
    answers.created.append(subject_id)
    answers.some.set()
    signed = await http.get("/v1/audit/checkpoint")
    if signed.is_success:
        answers.notes.append(signed.json()["checkpoint"])
    for _ in range(READS):
        read = await http.get(f"/v1/subjects/{subject_id}?purpose=order_fulfilment&fields=city")
        if read.is_success:
            answers.reads.append((UUID(subject_id), read.json()["log_index"]))
    body = {"subject_id": subject_id, "purpose": "newsletter", "action": "withdraw"}
    withdrawn = await http.post("/v1/consents", json=body)
    if withdrawn.is_success:
        answers.withdrawn.append(subject_id)
