"""The HSM provider against SoftHSM 2: real sessions, keys that never leave, and every fault by its name (R-ENC-2)."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.disclosure import Disclosed
from registry.errors import KeyProviderError, KeyUnavailableError
from registry.keys import KeyProvider, open_provider
from registry.rotation import new_root
from tests.house import ANNA, SHOP, House, open_house, settings_for
from tests.softhsm import PIN, Token, make_token

KEY, CONTEXT = bytes(range(32)), b"for this alone"


@pytest.fixture
def token(tmp_path: Path) -> Token:
    """A fresh token."""
    return make_token(tmp_path / "hsm")


@pytest.fixture
def provider(token: Token) -> Iterator[KeyProvider]:
    """A provider with one version on it."""
    provider = open_provider(token.uri)
    provider.create_version()
    yield provider
    provider.close()


def test_what_was_wrapped_opens_again_and_only_with_its_context(provider: KeyProvider) -> None:
    version, wrapped = provider.wrap(KEY, CONTEXT)
    assert KEY not in wrapped
    assert provider.unwrap(version, wrapped, CONTEXT) == KEY
    for changed, context in ((wrapped, b"for that"), (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), CONTEXT)):
        with pytest.raises(KeyUnavailableError):
            provider.unwrap(version, changed, context)
    with pytest.raises(KeyUnavailableError):
        provider.unwrap(version, b"garbage", CONTEXT)
    assert provider.unwrap(version, wrapped, CONTEXT) == KEY


def test_the_root_key_cannot_be_exported(provider: KeyProvider, token: Token) -> None:
    import pkcs11

    with pkcs11.lib(str(token.module)).get_token(token_label=token.label).open() as session:
        (root,) = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))
        assert root[pkcs11.Attribute.SENSITIVE]
        assert not root[pkcs11.Attribute.EXTRACTABLE]
        with pytest.raises(pkcs11.AttributeSensitive):
            assert root[pkcs11.Attribute.VALUE]


def test_versions_are_made_and_destroyed_on_the_token(provider: KeyProvider, token: Token) -> None:
    first = provider.wrap(KEY, CONTEXT)
    assert provider.create_version() == 2
    assert provider.wrap(KEY, CONTEXT)[0] == 2
    with pytest.raises(KeyProviderError):
        provider.destroy_version(2)
    provider.destroy_version(1)
    provider.destroy_version(1)
    assert open_provider(token.uri).versions() == (2,)
    with pytest.raises(KeyUnavailableError):
        provider.unwrap(*first, CONTEXT)


def test_a_wrong_pin_is_refused_and_not_repeated(token: Token) -> None:
    token.pin_file.write_text("wrong")
    with pytest.raises(KeyProviderError, match="PinIncorrect") as refused:
        open_provider(token.uri).versions()
    assert "wrong" not in str(refused.value)
    token.pin_file.write_text(PIN)
    assert open_provider(token.uri).versions() == ()


def test_a_pin_file_that_others_may_read_is_refused(token: Token) -> None:
    token.pin_file.chmod(0o644)
    with pytest.raises(KeyProviderError, match="readable by others"):
        open_provider(token.uri).versions()


def test_a_token_that_is_pulled_out_is_named_and_works_again_when_it_is_back(
    provider: KeyProvider, token: Token
) -> None:
    version, wrapped = provider.wrap(KEY, CONTEXT)
    away = token.remove()
    with pytest.raises((KeyProviderError, KeyUnavailableError)):
        provider.unwrap(version, wrapped, CONTEXT)
    provider.close()
    with pytest.raises((KeyProviderError, KeyUnavailableError)):
        provider.unwrap(version, wrapped, CONTEXT)
    token.put_back(away)
    try:
        opened = provider.unwrap(version, wrapped, CONTEXT)
    except KeyProviderError:  # the library learns of it when it starts anew
        opened = provider.unwrap(version, wrapped, CONTEXT)
    assert opened == KEY


def test_a_module_that_is_not_there_is_named(token: Token) -> None:
    with pytest.raises(KeyProviderError):
        open_provider(token.uri.replace(str(token.module), "/nowhere.so")).versions()


def test_several_threads_share_a_session(provider: KeyProvider) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                version, wrapped = provider.wrap(KEY, CONTEXT)
                assert provider.unwrap(version, wrapped, CONTEXT) == KEY
        except BaseException as error:  # noqa: BLE001 - whatever a thread meets is told below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_several_processes_use_one_token(provider: KeyProvider, token: Token) -> None:
    version, wrapped = provider.wrap(KEY, CONTEXT)
    code = (
        "import sys; from registry.keys import open_provider;"
        f"key = open_provider({token.uri!r}).unwrap({version}, {wrapped!r}, {CONTEXT!r});"
        f"sys.exit(key != {KEY!r})"
    )
    environment = {**os.environ, "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"]}
    other = subprocess.Popen([sys.executable, "-c", code], env=environment)
    while other.poll() is None:  # this process goes on using it
        assert provider.unwrap(version, wrapped, CONTEXT) == KEY
        time.sleep(0.01)
    assert other.returncode == 0


async def test_a_registry_lives_on_a_token(token: Token, unstarted_url: str, tmp_path: Path) -> None:
    settings = settings_for(unstarted_url, tmp_path / "home").model_copy(update={"key_provider": token.uri})
    async with open_house(settings) as registry:
        house = House(registry, settings, unstarted_url)
        subject_id = await house.customer()
        await new_root(registry, SHOP)
    async with open_house(settings) as registry:
        read = await House(registry, settings, unstarted_url).read("shop", "order_fulfilment", ["email"], subject_id)
    assert isinstance(read, Disclosed)
    assert ANNA["email"] in str(read.values)
    assert not settings.keys.exists()
