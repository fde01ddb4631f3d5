"""An installation for the demo: database, keys, clients and staff under one folder, and the service as a process.

A second run finds what the first one left and goes on with it.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from api.cli import migrate
from api.compose import open_registry
from api.demo.accounts import Accounts, DemoError, find_or_make
from api.demo.activating import activate
from api.settings import Settings
from registry.clients import create_client, rotate_client
from registry.context import Registry
from registry.errors import DuplicateIdentifierError

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENTS = (
    "shop",
    "mailer",
    "recommender",
    "post_house",
    "accounting",
    "crm_sync",
    "importer",
    "service_desk",
    "console",
)
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the demo logs in with: secrets of clients, made anew at each run, and accounts of staff."""

    clients: dict[str, str] = field(repr=False)
    accounts: Accounts = field(repr=False)


def settings_of(home: Path, port: int) -> Settings:
    """Settings of the demo: everything under `home`, cookies over plain HTTP on this machine."""
    return Settings(home=home, port=port, secure_cookies=False)


def prepare(settings: Settings) -> Credentials:
    """Migrate, make secrets for the clients and accounts for the staff, and let these decide the policy."""
    migrate(settings)

    async def run() -> Credentials:
        async with open_registry(settings) as registry:
            clients = {code: await _secret_of(registry, code) for code in CLIENTS}
            accounts = await find_or_make(registry, settings.home)
            await activate(registry, accounts)
            return Credentials(clients, accounts)

    return asyncio.run(run())


async def _secret_of(registry: Registry, code: str) -> str:
    try:
        return await create_client(registry, code)
    except DuplicateIdentifierError:
        return await rotate_client(registry, code)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run the service as a process of its own; yields its address."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "REGISTRY_HOME": str(settings.home),
        "REGISTRY_PORT": str(settings.port),
        "REGISTRY_SECURE_COOKIES": "false",
    }
    address = f"http://{settings.host}:{settings.port}"
    log = (settings.home / "service.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        env=environment,
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait(address, process, settings.home / "service.log")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)
        log.close()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise DemoError(f"the service ended at its start; see {log}")
        try:
            if httpx.get(f"{address}/.well-known/jwks.json", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise DemoError(f"the service does not answer; see {log}")
