"""The local key file: whole at any time, closed to others, and rid of what was destroyed (R-ENC-2, R-DEL-4)."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import KeyProviderError, KeyUnavailableError
from registry.keys import KeyProvider, open_provider

KEY, CONTEXT = bytes(range(32)), b"for this alone"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "keys" / "keys.json"


@pytest.fixture
def provider(path: Path) -> KeyProvider:
    """A provider with one version."""
    provider = open_provider(f"file:{path}")
    provider.create_version()
    return provider


def test_what_was_wrapped_opens_in_another_process(provider: KeyProvider, path: Path) -> None:
    version, wrapped = provider.wrap(KEY, CONTEXT)
    assert open_provider(f"file:{path}").unwrap(version, wrapped, CONTEXT) == KEY


def test_another_context_another_version_or_one_bit_does_not_open(provider: KeyProvider) -> None:
    version, wrapped = provider.wrap(KEY, CONTEXT)
    provider.create_version()
    broken = bytes([wrapped[0] ^ 1]) + wrapped[1:]
    for attempt in ((version, wrapped, b"for that"), (version + 1, wrapped, CONTEXT), (version, broken, CONTEXT)):
        with pytest.raises(KeyUnavailableError):
            provider.unwrap(*attempt)


def test_the_newest_version_wraps_and_older_ones_still_open(provider: KeyProvider) -> None:
    first = provider.wrap(KEY, CONTEXT)
    assert provider.create_version() == 2
    assert provider.wrap(KEY, CONTEXT)[0] == 2
    assert provider.unwrap(*first, CONTEXT) == KEY


def test_a_destroyed_version_opens_nothing_and_leaves_no_byte(provider: KeyProvider, path: Path) -> None:
    first = provider.wrap(KEY, CONTEXT)
    root = json.loads(path.read_text())["1"]
    provider.create_version()
    provider.destroy_version(1)
    provider.destroy_version(1)
    assert provider.versions() == (2,)
    with pytest.raises(KeyUnavailableError):
        provider.unwrap(*first, CONTEXT)
    assert [one for one in path.parent.iterdir() if root.encode() in one.read_bytes()] == []
    assert sorted(one.name for one in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_the_newest_version_cannot_be_destroyed(provider: KeyProvider) -> None:
    with pytest.raises(KeyProviderError):
        provider.destroy_version(1)
    assert provider.versions() == (1,)


def test_a_replaced_file_that_a_crash_left_is_made_unreadable(provider: KeyProvider, path: Path) -> None:
    replaced = path.with_name(".keys.json.replaced")
    replaced.write_bytes(path.read_bytes())
    provider.create_version()
    assert not replaced.exists()


def test_a_crash_between_link_and_replacement_costs_nothing(provider: KeyProvider, path: Path) -> None:
    os.link(path, path.with_name(".keys.json.replaced"))
    first = provider.wrap(KEY, CONTEXT)
    provider.create_version()
    assert provider.unwrap(*first, CONTEXT) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_touch_is_refused(provider: KeyProvider, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyProviderError, match="readable by others"):
        provider.wrap(KEY, CONTEXT)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"1": "00"}', '{"one": "00"}', "\0"])
def test_a_file_of_something_else_is_refused_without_a_word_of_it(
    provider: KeyProvider, path: Path, content: str
) -> None:
    path.write_text(content)
    with pytest.raises(KeyProviderError) as refused:
        provider.versions()
    assert content not in str(refused.value) or not content


def test_a_missing_file_holds_no_version_and_opens_nothing(path: Path) -> None:
    provider = open_provider(f"file:{path}")
    assert provider.versions() == ()
    with pytest.raises(KeyProviderError):
        provider.wrap(KEY, CONTEXT)
    with pytest.raises(KeyProviderError):
        provider.unwrap(1, bytes(60), CONTEXT)
    assert not path.exists()


def test_several_processes_make_versions_one_after_the_other(provider: KeyProvider, path: Path) -> None:
    def work() -> None:
        for _ in range(5):
            open_provider(f"file:{path}").create_version()

    workers = [_forked(work) for _ in range(4)]
    assert [os.waitpid(worker, 0)[1] for worker in workers] == [0] * 4
    assert provider.versions() == tuple(range(1, 22))


def _forked(work: Callable[[], None]) -> int:
    """A process of its own for some work; returns its id."""
    child = os.fork()
    if child:
        return child
    done = False
    try:
        work()
        done = True
    finally:
        os._exit(not done)


@pytest.mark.parametrize("url", ["", "file:", "vault:somewhere", "pkcs11:", "pkcs11:token=t;object=o?module-path=/m"])
def test_an_unknown_or_incomplete_provider_is_refused(url: str) -> None:
    with pytest.raises(KeyProviderError):
        open_provider(url)


def test_a_pin_may_not_stand_in_the_uri() -> None:
    with pytest.raises(KeyProviderError) as refused:
        open_provider("pkcs11:token=t;object=o?module-path=/m&pin-source=file:/p&pin-value=1234")
    assert "1234" not in str(refused.value)
