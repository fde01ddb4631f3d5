"""The commands that read policy documents answer by exit code and in words."""

import json
import shutil
from pathlib import Path

import pytest

from api.cli import main
from api.settings import CATALOGUE
from policies.purposes_page import page
from policies.record_of_processing import as_csv, as_html, record
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import edited

SHIPPED = str(CATALOGUE / "retailer.yaml")


def written(folder: Path, name: str, *edits: tuple[str, str]) -> str:
    path = folder / name
    path.write_text(edited(*edits), encoding="utf-8")
    return str(path)


def test_the_shipped_document_is_checked_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", SHIPPED]) == 0
    assert retailer().digest in capsys.readouterr().out


def test_a_check_tells_every_finding_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", written(tmp_path, "bad.yaml", ("period: P5Y", "period: long"))]) == 1
    assert "bad.yaml, line " in capsys.readouterr().err
    unapproved = (
        'review_on: "2028-10-01"}\n    notice: tips_consent',
        'review_on: "2025-01-01"}\n    notice: tips_consent',
    )
    assert main(["policy", "check", written(tmp_path, "late.yaml", unapproved)]) == 1
    assert "R-35-1" in capsys.readouterr().err


@pytest.mark.gdpr("7(1)")
def test_a_check_beside_the_document_before_waits_for_another_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R-6.1-2: the texts count as published already, but for those that a folder says were others."""
    wider = Path(SHIPPED).read_text(encoding="utf-8")
    narrow, wide = "fields:\n      master: [email, salutation,", "fields:\n      master: [email, phone, salutation,"
    assert wider.count(narrow) == 1
    after = tmp_path / "after.yaml"
    text = "    notice: newsletter_consent\n"
    counting = wider.replace(narrow, wide).replace(text, f"{text}    consent_texts: [newsletter_consent/2026-11-01]\n")
    after.write_text(counting, encoding="utf-8")
    asked = ["policy", "check", str(after), "--before", SHIPPED]
    published = tmp_path / "published"
    shutil.copytree(CATALOGUE / "notices", published)
    for arguments in (asked, [*asked, "--before-notices", str(published)]):
        assert main(arguments) == 1
        assert "newsletter: the consent text in force does not cover this" in capsys.readouterr().err
    older = published / "newsletter_consent.txt"
    words = older.read_text(encoding="utf-8").replace("\nversion: 2026", "\nversion: 2025")
    older.write_text(words.replace("Angeboten", "Neuigkeiten").replace(" offers", " news"), encoding="utf-8")
    assert main([*asked, "--before-notices", str(published)]) == 0
    assert main(["policy", "check", SHIPPED, "--before", SHIPPED]) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["check", "{}"],
        ["check", SHIPPED, "--before", "{}"],
        ["check", SHIPPED, "--notices", "{}/none"],
        ["check", SHIPPED, "--before-notices", "{}/none"],
        ["diff", "{}", SHIPPED],
        ["diff", SHIPPED, "{}"],
        ["explain", "newsletter", "--file", "{}"],
        ["explain-purposes", "--file", "{}"],
        ["coverage", "--file", "{}"],
        ["document", "--file", "{}"],
        ["record", "--file", "{}"],
    ],
    ids=" ".join,
)
def test_a_file_that_is_not_there_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so is a folder in the place of a file: no page of Python."""
    for named, what in ((tmp_path / "missing", "No such file"), (tmp_path, "")):
        assert main(["policy", *(part.format(named) for part in command)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"registry: {named}")
        assert what in line


def test_a_difference_that_widens_a_consent_says_so_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = written(tmp_path, "before.yaml")
    wider = ("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n")
    after = written(tmp_path, "after.yaml", wider)
    assert main(["policy", "diff", before, after]) == 1
    told = capsys.readouterr()
    assert told.out == "WIDENS till.news may now also read phone\n"
    assert "news: needs a new consent text" in told.err
    assert main(["policy", "diff", after, before]) == 0
    assert capsys.readouterr().out == "NARROWS till.news may no longer read phone\n"
    assert main(["policy", "diff", before, before]) == 0


def test_a_consent_that_is_widened_while_it_is_switched_off_needs_its_text_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R-6.1-2: the switch on says nothing of it any more."""
    state = "dpv: dpv:DirectMarketing\n    state: active\n    basis:\n      master: {article: A6-1-a"
    off = (state, state.replace("active", "inactive"))
    wider = ("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n")
    before, after = written(tmp_path, "off.yaml", off), written(tmp_path, "wider.yaml", off, wider)
    on = written(tmp_path, "on.yaml", wider)
    assert main(["policy", "diff", before, after]) == 1
    told = capsys.readouterr()
    assert told.out == "WIDENS till.news may now also read phone, while it is not in force\n"
    assert "news: needs a new consent text" in told.err
    assert main(["policy", "diff", after, on]) == 0


def test_purposes_are_explained_one_by_one_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain-purposes", "newsletter", "--file", SHIPPED]) == 0
    assert capsys.readouterr().out.startswith("### Send the e-mail newsletter\n")
    assert main(["policy", "explain-purposes"]) == 0
    assert capsys.readouterr().out.count("### ") == len(retailer().purposes)
    assert main(["policy", "explain-purposes", "whim"]) == 1
    assert main(["policy", "document"]) == 0
    assert capsys.readouterr().out.removeprefix("registry: no purpose whim\n") == page(retailer())


@pytest.mark.gdpr("30")
def test_the_record_is_printed_in_each_form(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["policy", "record"]) == 0
    assert json.loads(capfdbinary.readouterr().out) == record(retailer())
    assert main(["policy", "record", "--format", "csv", "--language", "en"]) == 0
    assert capfdbinary.readouterr().out.decode() == as_csv(retailer(), "en")
    assert main(["policy", "record", "--format", "html"]) == 0
    assert capfdbinary.readouterr().out.decode() == as_html(retailer(), "de")
