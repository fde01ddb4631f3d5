"""The private key of a decider lies sealed in a file of theirs."""

import json
import stat
from pathlib import Path

import pytest

from registry.errors import InvalidValueError, KeyUnavailableError
from registry.signing import make_key_file, open_key_file, verifies

PASSPHRASE = "a long passphrase"


def test_the_key_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    public = make_key_file(path, PASSPHRASE)
    key = open_key_file(path, PASSPHRASE)
    assert verifies(public, key.sign(b"said"), b"said")
    assert not verifies(public, key.sign(b"said"), b"unsaid")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.private_bytes_raw().hex() not in path.read_text()
    with pytest.raises(KeyUnavailableError):
        open_key_file(path, PASSPHRASE + "!")
    with pytest.raises(InvalidValueError):
        make_key_file(path, PASSPHRASE)


@pytest.mark.parametrize("part", ["public", "salt", "nonce", "sealed"])
def test_a_changed_file_does_not_open(tmp_path: Path, part: str) -> None:
    path = tmp_path / "key.json"
    make_key_file(path, PASSPHRASE)
    tree = json.loads(path.read_text())
    first = tree[part][0]
    tree[part] = ("0" if first != "0" else "1") + tree[part][1:]
    path.write_text(json.dumps(tree))
    with pytest.raises(KeyUnavailableError):
        open_key_file(path, PASSPHRASE)


def test_a_short_passphrase_seals_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError):
        make_key_file(tmp_path / "key.json", "short")
