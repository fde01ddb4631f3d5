"""The commands that explain a document and try it on imagined people."""

from pathlib import Path

import pytest

from api.cli import main
from tests.unit.policies.people import CATALOGUE

DOCUMENT = str(CATALOGUE / "retailer.yaml")
CELLS = CATALOGUE / "retailer.cells.csv"


def test_a_purpose_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "newsletter", "--file", DOCUMENT, "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "Send the e-mail newsletter" in said
    assert "CONSENT_WITHDRAWN (consent; GDPR Art. 7(3))" in said
    assert "LI_NOT_INFORMED" not in said


def test_a_field_is_explained_and_a_foreign_one_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "newsletter", "--field", "email", "--file", DOCUMENT]) == 0
    assert "E-Mail-Adresse: A6-1-a" in capsys.readouterr().out
    assert main(["policy", "explain", "newsletter", "--field", "income", "--file", DOCUMENT]) == 0
    assert "MINIMISED" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nothing"], ["newsletter", "--field", "shoe_size"]])
def test_what_does_not_exist_is_not_explained(arguments: list[str]) -> None:
    assert main(["policy", "explain", *arguments, "--file", DOCUMENT]) == 1


def test_the_shipped_document_is_covered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", "--file", DOCUMENT]) == 0
    assert capsys.readouterr().out.endswith("0 without expectation, 0 that come to something else\n")


def test_a_missing_a_stale_and_another_expectation_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = CELLS.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("newsletter,master,erased")]
    turned = [line.replace("newsletter,master,fifteen,MINOR", "newsletter,master,fifteen,PERMIT") for line in kept]
    cells = tmp_path / "cells.csv"
    cells.write_text("\n".join([*turned, "old_purpose,master,erased,PERMIT"]) + "\n", encoding="utf-8")
    assert main(["policy", "coverage", "--file", DOCUMENT, "--cells", str(cells)]) == 1
    said = capsys.readouterr().out
    assert "no expectation: newsletter master erased" in said
    assert "no such cell:   old_purpose master erased" in said
    assert "comes to MINOR, expected PERMIT: newsletter master fifteen" in said


def test_the_table_can_be_written_anew(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", "--file", DOCUMENT, "--write"]) == 0
    assert capsys.readouterr().out == CELLS.read_text(encoding="utf-8")
