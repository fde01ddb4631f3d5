"""Signed notes against the published examples, Wycheproof, and every way to bend one."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import checkpoint, verify
from audit.checkpoint import (
    Checkpoint,
    InvalidNoteSignatureError,
    MalformedKeyError,
    MalformedNoteError,
    NoteError,
    UnverifiedNoteError,
    VerifierKey,
)
from tests.vectors import vector_files

ORIGIN = "example.com/log"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = checkpoint.verifier_key(ORIGIN, SIGNER.public_key())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
CHECKPOINT = Checkpoint(ORIGIN, 20852163, b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="))
NOTE = checkpoint.sign(CHECKPOINT, ORIGIN, SIGNER)

# Size, root and signature are those of the example in C2SP tlog-checkpoint, which was taken from the Go checksum
# database and renamed; under that log's own origin and key the signature holds.
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
C2SP_TEXT = "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
C2SP_SIGNATURE = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
GO_NOTE = f"go.sum database tree\n{C2SP_TEXT}\n— sum.golang.org {C2SP_SIGNATURE}\n"
C2SP_NOTE = f"example.com/behind-the-sofa\n{C2SP_TEXT}\n— example.com/behind-the-sofa {C2SP_SIGNATURE}\n"

# The example of Go's sumdb/note package, the origin of the format.
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = b64decode("gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=")
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_the_published_checkpoint_opens_under_the_log_that_signed_it() -> None:
    assert checkpoint.open_note(GO_NOTE, [GO_KEY]) == Checkpoint("go.sum database tree", 20852163, CHECKPOINT.root)


def test_the_published_example_is_read_and_written_to_the_letter() -> None:
    text = C2SP_NOTE[: C2SP_NOTE.index("\n\n") + 1]
    assert Checkpoint.parse(text).to_text() == text
    with pytest.raises(UnverifiedNoteError):
        checkpoint.open_note(C2SP_NOTE, [GO_KEY])


def test_a_signature_taken_over_to_another_origin_is_refused() -> None:
    renamed = GO_NOTE.replace("go.sum database tree", "example.com/behind-the-sofa")
    with pytest.raises(InvalidNoteSignatureError):
        checkpoint.open_note(renamed, [GO_KEY])


def test_the_example_of_the_note_format_has_our_key_id_and_our_signature() -> None:
    signer = Ed25519PrivateKey.from_private_bytes(PETER_SEED)
    assert checkpoint.verifier_key("PeterNeumann", signer.public_key()) == PETER_KEY
    key = VerifierKey.parse(PETER_KEY)
    raw = b64decode(PETER_SIGNATURE)
    assert raw[:4] == key.key_id
    assert raw[4:] == signer.sign(PETER_TEXT.encode())
    key.verify(raw[4:], PETER_TEXT.encode())


def test_what_was_signed_opens_to_what_was_meant() -> None:
    assert checkpoint.open_note(NOTE, [KEY]) == CHECKPOINT
    assert NOTE.startswith(
        "example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/log "
    )


@given(
    st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Zl", "Zp", "Zs", "Cc"]), min_size=1),
    st.integers(0, 10**18),
    st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_comes_back_from_its_note(origin: str, size: int, root: bytes) -> None:
    made = Checkpoint(origin, size, root)
    assert checkpoint.open_note(checkpoint.sign(made, ORIGIN, SIGNER), [KEY]) == made


@given(st.integers(0, len(NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_changed_character_is_accepted_neither_here_nor_by_outsiders(at: int, character: str) -> None:
    changed = NOTE[:at] + character + NOTE[at + 1 :]
    assert opens_here(changed) == opens_outside(changed) == (changed == NOTE)


@given(st.integers(0, len(NOTE)), st.text(max_size=3), st.integers(0, 3))
def test_nothing_can_be_added_or_left_out(at: int, inserted: str, dropped: int) -> None:
    changed = NOTE[:at] + inserted + NOTE[at + dropped :]
    assert opens_here(changed) == opens_outside(changed) == (changed == NOTE)


def test_a_signature_has_one_spelling_only() -> None:
    """The two bits that base64 leaves over here would otherwise make four notes of one."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert NOTE.endswith("=\n")
    last = digits.index(NOTE[-3])
    for stray in (1, 2, 3):
        respelled = NOTE[:-3] + digits[last + stray] + "=\n"
        assert b64decode(respelled.split()[-1]) == b64decode(NOTE.split()[-1])
        assert not opens_here(respelled)
        assert not opens_outside(respelled)


def opens_here(note: str) -> bool:
    try:
        checkpoint.open_note(note, [KEY])
    except NoteError:
        return False
    return True


def opens_outside(note: str) -> bool:
    try:
        verify.open_note(note, verify.parse_keys([KEY]))
    except (verify.LogError, ValueError):
        return False
    return True


def test_unknown_signatures_are_passed_over() -> None:
    cosigned = NOTE + "— witness.example.com/w1 " + b64encode(b"\1\2\3\4" + bytes(72)).decode() + "\n"
    assert checkpoint.open_note(cosigned, [KEY]) == CHECKPOINT


def test_a_bad_signature_by_a_known_key_spoils_the_good_one_beside_it() -> None:
    good = NOTE.splitlines()[-1]
    bad = f"— {ORIGIN} {b64encode(VerifierKey.parse(KEY).key_id + bytes(64)).decode()}"
    for lines in ((good, bad), (bad, good)):
        note = CHECKPOINT.to_text() + "\n" + "".join(f"{line}\n" for line in lines)
        with pytest.raises(InvalidNoteSignatureError):
            checkpoint.open_note(note, [KEY])
        assert not opens_outside(note)


def test_a_note_signed_by_nobody_known_is_refused() -> None:
    for keys in ([], [checkpoint.verifier_key(ORIGIN, OTHER.public_key())], [GO_KEY]):
        with pytest.raises(UnverifiedNoteError):
            checkpoint.open_note(NOTE, keys)


def test_each_of_several_keys_opens_a_note_signed_by_one_of_them() -> None:
    """A log that changes its key keeps its name; notes by the earlier key stay good."""
    earlier = checkpoint.verifier_key(ORIGIN, OTHER.public_key())
    assert checkpoint.open_note(NOTE, [earlier, KEY]) == CHECKPOINT
    assert checkpoint.open_note(NOTE, [KEY, KEY]) == CHECKPOINT


def test_extension_lines_are_passed_over() -> None:
    assert Checkpoint.parse(CHECKPOINT.to_text() + "extension\n") == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "example.com/log\n1\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n1 \nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n\u0661\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
        "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nextension\n",
    ],
)
def test_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedNoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, bytes(32)), ("two\nlines", 1, bytes(32)), ("log", -1, bytes(32)), ("log", 1, bytes(31))],
)
def test_a_checkpoint_that_could_not_be_read_back_is_not_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(MalformedNoteError):
        Checkpoint(origin, size, root)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— ",
        f"text\n\n— {ORIGIN} !\n",
        NOTE.replace("—", "-"),
        NOTE + "\0",
        "\ud800" + NOTE,
    ],
)
def test_text_that_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(MalformedNoteError):
        checkpoint.open_note(note, [KEY])


def test_a_note_without_end_is_refused() -> None:
    with pytest.raises(MalformedNoteError):
        checkpoint.open_note("a" * (checkpoint.MAX_NOTE + 1), [KEY])


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+00000000",
        PETER_KEY.replace("PeterNeumann", "Peter Neumann"),
        PETER_KEY.replace("c74f20a3", "c74f20a4"),
        PETER_KEY.replace("ARpc", "BRpc"),
        PETER_KEY[:-1],
        PETER_KEY + "=",
        PETER_KEY.removeprefix("PeterNeumann"),
    ],
)
def test_text_that_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(MalformedKeyError):
        VerifierKey.parse(key)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\nb"])
def test_nobody_signs_under_a_name_that_no_note_can_carry(name: str) -> None:
    with pytest.raises(MalformedKeyError):
        checkpoint.sign(CHECKPOINT, name, SIGNER)


def test_two_keys_that_cannot_be_told_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda _: b"\0\0\0\0"))
    keys = [VerifierKey(ORIGIN, bytes([byte]) * 32).to_text() for byte in (1, 2)]
    with pytest.raises(MalformedKeyError):
        checkpoint.open_note(NOTE, keys)


def wycheproof(path: Path) -> list[tuple[bytes, dict[str, Any]]]:
    groups = json.loads(path.read_text(encoding="utf-8"))["testGroups"]
    return [(bytes.fromhex(group["publicKey"]["pk"]), test) for group in groups for test in group["tests"]]


@pytest.mark.parametrize("vectors", vector_files("wycheproof", "ed25519_test.json"))
def test_signatures_are_judged_as_wycheproof_judges_them(vectors: Path) -> None:
    cases = wycheproof(vectors)
    assert len(cases) == 151
    wrong = []
    for public, case in cases:
        try:
            VerifierKey(ORIGIN, public).verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        except InvalidNoteSignatureError:
            accepted = False
        else:
            accepted = True
        if accepted != (case["result"] == "valid"):
            wrong.append(case["tcId"])
    assert not wrong
