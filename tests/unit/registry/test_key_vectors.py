"""Public vectors (Wycheproof) through our own code: opening values, unwrapping keys, keyed digests (R-ENC-1)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from policies.vocabulary import FieldName
from registry.errors import KeyUnavailableError, SealBrokenError
from registry.keys import keyed_digest, unwrap_key
from registry.vault import _decrypted
from tests.vectors import vector_files

FEWEST = {"aes_gcm_test.json": 60, "aes_gcm_siv_test.json": 90, "hmac_sha256_test.json": 80}


def _cases(path: Path, **wanted: int) -> Iterator[Mapping[str, str]]:
    """The cases of the sizes that we use."""
    for group in json.loads(path.read_text())["testGroups"]:
        if all(group.get(name) == size for name, size in wanted.items()):
            yield from group["tests"]


def _bytes(case: Mapping[str, str], *names: str) -> bytes:
    return b"".join(bytes.fromhex(case[name]) for name in names)


@pytest.mark.parametrize("path", vector_files("wycheproof", "aes_gcm_test.json"))
def test_values_open_exactly_as_the_vectors_say(path: Path) -> None:
    seen = 0
    for case in _cases(path, keySize=256, ivSize=96, tagSize=128):
        seen += 1
        cipher, sealed = AESGCM(_bytes(case, "key")), _bytes(case, "iv", "ct", "tag")
        if case["result"] == "valid":
            assert _decrypted(cipher, sealed, _bytes(case, "aad"), FieldName("any")) == _bytes(case, "msg")
        else:
            with pytest.raises(SealBrokenError):
                _decrypted(cipher, sealed, _bytes(case, "aad"), FieldName("any"))
    assert seen >= FEWEST[path.name]


@pytest.mark.parametrize("path", vector_files("wycheproof", "aes_gcm_siv_test.json"))
def test_keys_unwrap_exactly_as_the_vectors_say(path: Path) -> None:
    seen = 0
    for case in _cases(path, keySize=256, ivSize=96, tagSize=128):
        seen += 1
        wrapped = _bytes(case, "iv", "ct", "tag")
        if case["result"] == "valid":
            assert unwrap_key(_bytes(case, "key"), wrapped, _bytes(case, "aad")) == _bytes(case, "msg")
        else:
            with pytest.raises(KeyUnavailableError):
                unwrap_key(_bytes(case, "key"), wrapped, _bytes(case, "aad"))
    assert seen >= FEWEST[path.name]


@pytest.mark.parametrize("path", vector_files("wycheproof", "hmac_sha256_test.json"))
def test_digests_are_made_exactly_as_the_vectors_say(path: Path) -> None:
    seen = 0
    for case in _cases(path, tagSize=128):
        seen += 1
        matches = keyed_digest(_bytes(case, "key"), _bytes(case, "msg")) == _bytes(case, "tag")
        assert matches is (case["result"] == "valid")
    assert seen >= FEWEST[path.name]
