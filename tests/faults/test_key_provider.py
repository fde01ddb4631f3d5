"""A key provider that is away, slow or talks nonsense: named, no plaintext, and over when it is over (promise 3)."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.compose import open_registry
from registry.actors import SYSTEM
from registry.disclosure import Disclosed
from registry.errors import KeyProviderError, KeyUnavailableError, NotReadyError
from registry.keys import KeyProvider
from registry.rotation import open_epoch
from tests.house import ANNA, House, settings_for


class Faulty:
    """A real provider behind a line that can fail."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self.fault = ""
        self.asked = 0

    def versions(self) -> tuple[int, ...]:
        self._meet()
        return self._provider.versions()

    def create_version(self) -> int:
        self._meet()
        return self._provider.create_version()

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        self._meet()
        return self._provider.wrap(key, context)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        self._meet()
        key = self._provider.unwrap(version, wrapped, context)
        return {"garbage": bytes(len(key)), "short": key[:7], "empty": b""}.get(self.fault, key)

    def destroy_version(self, version: int) -> None:
        self._meet()
        self._provider.destroy_version(version)

    def close(self) -> None:
        self._provider.close()

    def _meet(self) -> None:
        self.asked += 1
        if self.fault == "away":
            raise ConnectionRefusedError
        if self.fault == "slow":
            time.sleep(0.3)


@pytest.fixture
def faulty(house: House, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """The house's provider, able to fail."""
    monkeypatch.setattr("registry.keys.provider.PATIENCE_SECONDS", 0.1)
    faulty = Faulty(house.registry.ring.provider)
    house.registry.ring.provider = faulty
    return faulty


@pytest.mark.parametrize("fault", ["away", "slow", "garbage", "short", "empty"])
async def test_a_fault_while_serving_is_named_and_passes(house: House, faulty: Faulty, fault: str) -> None:
    subject_id = await house.customer()
    before = house.registry.ring.version
    faulty.fault = fault
    with pytest.raises((KeyProviderError, KeyUnavailableError)) as named:
        await _load_keys(house)
    assert ANNA["email"] not in str(named.value)
    assert house.registry.ring.version == before
    asked = faulty.asked
    read = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    assert isinstance(read, Disclosed)  # what is loaded goes on working
    assert faulty.asked == asked  # and nobody asks in between
    faulty.fault = ""
    await _load_keys(house)


async def _load_keys(house: House) -> None:
    async with house.registry.database.reading() as session:
        await house.registry.ring.load(session)


async def test_reads_that_meet_a_change_of_keys_together_load_them_once(house: House, faulty: Faulty) -> None:
    subject_id = await house.customer()
    async with open_registry(house.settings, serving=False) as other:
        await open_epoch(other, SYSTEM)
    await _load_keys(house)
    once, faulty.asked = faulty.asked, 0
    async with open_registry(house.settings, serving=False) as other:
        await open_epoch(other, SYSTEM)
    reads = (house.read("shop", "order_fulfilment", ["email"], subject_id) for _ in range(8))
    assert all(isinstance(read, Disclosed) for read in await asyncio.gather(*reads))
    assert faulty.asked == once + 1  # the newest epoch is one more


async def test_a_change_of_keys_elsewhere_with_the_provider_away_lets_nothing_out(house: House, faulty: Faulty) -> None:
    subject_id = await house.customer()
    async with open_registry(house.settings, serving=False) as other:
        await open_epoch(other, SYSTEM)
    faulty.fault = "away"
    with pytest.raises(KeyProviderError):
        await house.read("shop", "order_fulfilment", ["email"], subject_id)
    faulty.fault = ""
    assert isinstance(await house.read("shop", "order_fulfilment", ["email"], subject_id), Disclosed)


async def test_a_rotation_that_cannot_ask_changes_nothing(house: House, faulty: Faulty) -> None:
    faulty.fault = "away"
    with pytest.raises(KeyProviderError):
        await open_epoch(house.registry, SYSTEM)
    faulty.fault = ""
    assert house.registry.ring.active_epoch == 1
    await house.customer()


async def test_a_start_without_its_keys_serves_nobody_and_makes_none(sqlite_url: str, tmp_path: Path) -> None:
    settings = settings_for(sqlite_url, tmp_path / "home")
    async with open_registry(settings):
        pass
    settings.keys.rename(tmp_path / "elsewhere")
    with pytest.raises(NotReadyError, match="key file"):
        async with create_app(settings).router.lifespan_context(create_app(settings)):
            pytest.fail("it serves")
    assert not settings.keys.exists()
    (tmp_path / "elsewhere").rename(settings.keys)
    settings.keys.chmod(0o644)
    with pytest.raises(KeyProviderError, match="readable by others"):
        async with open_registry(settings):
            pytest.fail("it serves")


async def test_the_problem_of_a_provider_that_is_away_is_a_503(house: House, faulty: Faulty) -> None:
    from api import problems

    kind = problems.kind_of(KeyProviderError("x"))
    assert kind.status == httpx.codes.SERVICE_UNAVAILABLE
    assert kind.headers["Retry-After"]
