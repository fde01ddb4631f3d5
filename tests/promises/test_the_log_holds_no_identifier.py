"""Promise 7: no value and no direct identifier in the log; it survives erasure; an outsider verifies it (R-AUD-6)."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from audit import merkle
from audit.checkpoint import open_note
from policies.vocabulary import PurposeId
from registry import withdrawals
from registry.finding import Identifier, find
from registry.lookup import IdentifierKind
from tests.house import ANNA, SHOP, House
from tests.sentinel import files_under, places_of, spellings


async def _story(house: House) -> None:
    subject_id = await house.customer(newsletter=True, profiling=True)
    await house.invoice(subject_id)
    await find(house.registry, SHOP, PurposeId("order_fulfilment"), Identifier(IdentifierKind.EMAIL, ANNA["email"]))
    await house.read("mailer", "newsletter", ["email", "income"], subject_id)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, None)
    await house.read("mailer", "newsletter", ["email"], subject_id)
    await house.erase(subject_id)


def _verify(directory: Path) -> int:
    run = subprocess.run(
        [sys.executable, "-I", str(directory / "verify.py"), str(directory)],
        check=False,
        capture_output=True,
        timeout=60,
    )
    return run.returncode


async def test_no_value_and_no_identifier_is_in_an_export(house: House, tmp_path: Path) -> None:
    await _story(house)
    await house.registry.log.export(tmp_path / "export", with_salts=True)
    files = files_under(tmp_path / "export")
    values = [value for name, value in ANNA.items() if name not in {"postcode", "country", "city"}]
    assert places_of(spellings(*values, "R-2026-0001"), files) == []


async def test_a_planted_copy_is_found(tmp_path: Path) -> None:
    for number, planted in enumerate(
        [
            ANNA["email"].encode(),
            base64.b64encode(b"x" + ANNA["email"].encode() + b"yz"),
            ANNA["email"].encode().hex().encode(),
        ],
    ):
        path = tmp_path / str(number)
        path.write_bytes(b"...." + planted + b"....")
        assert places_of(spellings(ANNA["email"]), [path]), number


def test_nothing_is_searched_for_that_is_met_by_chance() -> None:
    with pytest.raises(ValueError, match="by chance"):
        spellings(ANNA["email"], ANNA["postcode"])


async def test_an_outsider_verifies_the_log_before_and_after_an_erasure(house: House, tmp_path: Path) -> None:
    subject_id = await house.customer()
    looked = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    before = await house.registry.log.prove(looked.index)
    before_root = open_note(before.note, [house.registry.log.verifier_key]).root
    await house.registry.log.export(tmp_path / "before")
    assert _verify(tmp_path / "before") == 0
    await house.erase(subject_id)
    await house.registry.log.export(tmp_path / "after")
    assert _verify(tmp_path / "after") == 0
    entry = await house.registry.log.entry(looked.index)
    assert entry is not None
    merkle.verify_inclusion(entry.hash, looked.index, before.size, before.hashes, before_root)


async def test_a_changed_row_and_a_deleted_opening_are_found(house: House, tmp_path: Path) -> None:
    subject_id = await house.customer()
    await house.read("shop", "order_fulfilment", ["email"], subject_id)
    await house.as_owner("UPDATE audit_leaf SET outcome = 'deny' WHERE operation = 'disclose'")
    await house.registry.log.export(tmp_path / "changed")
    assert _verify(tmp_path / "changed") not in {0, 1}
    await house.as_owner("UPDATE audit_leaf SET outcome = 'permit' WHERE operation = 'disclose'")
    await house.registry.log.export(tmp_path / "whole")
    assert _verify(tmp_path / "whole") == 0
    await house.as_owner("DELETE FROM audit_opening WHERE leaf = (SELECT max(leaf) FROM audit_opening)")
    await house.registry.log.export(tmp_path / "hidden")
    assert _verify(tmp_path / "hidden") not in {0, 1}
