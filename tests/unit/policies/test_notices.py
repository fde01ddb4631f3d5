"""Notice files: parsed strictly, hashed as shown, complete as the law asks."""

import hashlib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from policies.notices import SECTIONS, NoticeError, NoticeKind, NoticeText, parse_notices
from policies.vocabulary import PurposeId
from tests.unit.policies.people import CATALOGUE

HEADER = """\
---
id: news_consent
version: 2026-11-01
language: en
kind: consent_text
purposes: news, more_news
---
"""
BODY = """\
Our newsletter

Controller:
Little Shop, laden@example.com

Purpose:
One e-mail a week.

Data:
Your e-mail address.

Withdrawal:
At any time.

Declaration:
Yes, please.
"""
GOOD = HEADER + BODY


def refusal(text: str) -> NoticeError:
    with pytest.raises(NoticeError) as caught:
        parse_notices(text.encode())
    return caught.value


def line_of(text: str, line: str) -> int:
    return text.splitlines().index(line) + 1


def test_a_text_is_taken_as_it_stands() -> None:
    text = BODY.strip("\n")
    assert parse_notices(GOOD.encode()) == (
        NoticeText(
            id="news_consent",
            version="2026-11-01",
            language="en",
            kind=NoticeKind.CONSENT_TEXT,
            purposes=(PurposeId("news"), PurposeId("more_news")),
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
        ),
    )


@pytest.mark.gdpr("7(1)")
def test_the_hash_does_not_depend_on_blank_lines_around_the_text() -> None:
    """R-7.1-1: the hash a form quotes is the hash of what was shown."""
    (first,) = parse_notices(GOOD.encode())
    (second,) = parse_notices((HEADER + "\n\n" + BODY + "\n\n").encode())
    (third,) = parse_notices(GOOD.replace("One e-mail", "Two e-mails").encode())
    assert first.sha256 == second.sha256 != third.sha256


def test_one_file_holds_several_texts_in_order() -> None:
    other = GOOD.replace("version: 2026-11-01", "version: 2026-12-01")
    assert [notice.version for notice in parse_notices((GOOD + other).encode())] == ["2026-11-01", "2026-12-01"]


def test_a_file_that_was_read_is_not_read_again() -> None:
    assert parse_notices(GOOD.encode()) is parse_notices(GOOD.encode())


def test_every_text_of_a_file_has_its_own_words_and_no_others() -> None:
    versions = [f"2026-{month:02}-01" for month in range(1, 7)]
    file = "".join(
        GOOD.replace("2026-11-01", version).replace("One e-mail", f"In {version} one e-mail") + "\n" * number
        for number, version in enumerate(versions)
    )
    notices = parse_notices(file.encode())
    assert [notice.version for notice in notices] == versions
    for notice in notices:
        assert notice.text == BODY.strip("\n").replace("One e-mail", f"In {notice.version} one e-mail")


def test_a_file_may_end_without_a_line_feed() -> None:
    assert parse_notices(GOOD.removesuffix("\n").encode()) == parse_notices(GOOD.encode())


@pytest.mark.parametrize(
    ("old", "new", "said", "at"),
    [
        ("language: en\n", "language: fr\n", "language is not of its form", "language: fr"),
        ("language: en\n", "lang\n", "a header line is one of", "lang"),
        ("kind: consent_text\n", "language: en\n", "language stands here twice", "language: en\npurposes"),
        ("id: news_consent\n", "", "header lacks id", "---\nversion"),
        (BODY, "\n\n", "a notice has a text", "---\n\n\n"),
        ("Data:\n", "", "it is there 0 times", "---\nOur"),
        ("Yes, please.\n", "Yes, please.\n\nData:\nEverything.\n", "it is there 2 times", "---\nOur"),
        ("Purpose:\nOne e-mail a week.\n\n", "", "it is there 0 times", "---\nOur"),
        ("Data:\n", "Withdrawal:\nBefore.\n\nData:\n", "it is there 2 times", "---\nOur"),
        ("Our newsletter\n", "Purpose:\nNone.\n", "'Purpose' must be there once, it is there 2", "---\nPurpose"),
        ("Our newsletter\n\nController:\nLittle", "Little", "'Controller' must be there once", "---\nLittle"),
        ("At any time.\n", "", "section 'Withdrawal' is empty", "Withdrawal:"),
        ("Your e-mail address.\n\n", "", "section 'Data' is empty", "Data:"),
        ("Yes, please.\n", "", "section 'Declaration' is empty", "Declaration:"),
        ("\nYes, please.\n", "", "section 'Declaration' is empty", "Declaration:"),
        ("At any time.\n", "At any time.\n---\nid: again\n", "header is not closed", "---\nid: again"),
        ("At any time.\n", "At any\ttime.\n", "control and format characters", "At any\ttime."),
    ],
)
def test_what_is_wrong_is_told_with_its_line_wherever_the_text_stands(old: str, new: str, said: str, at: str) -> None:
    """In the first text of a file and in later ones, on odd lines and on even ones."""
    assert GOOD.count(old) == 1
    broken = GOOD.replace(old, new)
    for first in ["", *(GOOD.replace("2026-11-01", "2026-10-01") + "\n" * blank for blank in range(4))]:
        error = refusal(first + broken)
        line = (first + broken)[: len(first) + broken.index(at)].count("\n") + 1
        assert (error.line, str(error).startswith(f"line {line}: ")) == (line, True)
        assert said in str(error)


@pytest.mark.gdpr("7(3)")
def test_a_section_that_stands_too_early_is_told_with_its_line() -> None:
    """R-7.3-3: how to withdraw stands before what is declared, also in the third text of a file."""
    asked_first = GOOD.replace("Withdrawal:\nAt any time.\n\n", "") + "\nWithdrawal:\nAt any time.\n"
    others = [GOOD.replace("2026-11-01", "2026-10-01"), GOOD.replace("2026-11-01", "2026-09-01") + "\n"]
    for first in ("", others[0], "".join(others)):
        error = refusal(first + asked_first)
        assert "section 'Declaration' stands before one that it must follow" in str(error)
        assert error.line == (first + asked_first)[: len(first) + asked_first.index("Declaration:")].count("\n") + 1


def test_the_same_text_twice_is_refused() -> None:
    error = refusal(GOOD + GOOD)
    assert "stands here twice" in str(error)
    assert error.line == GOOD.count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: news_consent", "id: News", "id is not of its form"),
        ("version: 2026-11-01", "version: one two", "version is not of its form"),
        ("language: en", "language: fr", "language is not of its form"),
        ("kind: consent_text", "kind: poem", "kind is not of its form"),
        ("purposes: news, more_news", "purposes: news,more_news", "purposes is not of its form"),
        ("purposes: news, more_news", "author: Somebody", "a header line is one of"),
        ("purposes: news, more_news", "purposes", "a header line is one of"),
        ("kind: consent_text", "language: en", "language stands here twice"),
    ],
)
def test_a_header_is_of_its_form_or_refused_on_its_line(old: str, new: str, message: str) -> None:
    error = refusal(GOOD.replace(old, new))
    assert message in str(error)
    assert error.line in {line_of(GOOD, old), line_of(GOOD, old) + 1}


@pytest.mark.parametrize("key", ["id", "version", "language", "kind", "purposes"])
def test_no_header_line_may_be_left_out(key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key}:")]
    assert f"header lacks {key}" in str(refusal("\n".join(lines)))


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("heading", SECTIONS[NoticeKind.CONSENT_TEXT]["en"])
def test_a_consent_text_without_one_of_its_sections_is_refused(heading: str) -> None:
    """R-7.3-3: without information on withdrawal no text can be used for a grant."""
    error = refusal(GOOD.replace(f"{heading}:\n", ""))
    assert f"section {heading!r} must be there once" in str(error)


@pytest.mark.gdpr("7(3)")
def test_withdrawal_is_explained_before_the_declaration() -> None:
    asked_first = GOOD.replace("Withdrawal:\nAt any time.\n\nDeclaration:\nYes, please.\n", "") + (
        "Declaration:\nYes, please.\n\nWithdrawal:\nAt any time.\n"
    )
    error = refusal(asked_first)
    assert "section 'Declaration' stands before one that it must follow" in str(error)
    assert error.line == line_of(asked_first, "Declaration:")


@pytest.mark.parametrize("emptied", ["At any time.\n", "Yes, please.\n", "At any time.\n\n"])
def test_a_section_says_something(emptied: str) -> None:
    assert "is empty" in str(refusal(GOOD.replace(emptied, "")))


def test_a_section_stands_there_once() -> None:
    assert "it is there 2 times" in str(refusal(GOOD + "\nData:\nEverything.\n"))


@pytest.mark.gdpr("13(1)")
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_privacy_notice_without_one_of_its_sections_is_refused(language: str) -> None:
    """R-13-1: publishing fails and names what is missing."""
    headings = SECTIONS[NoticeKind.PRIVACY_NOTICE][language]
    header = HEADER.replace("consent_text", "privacy_notice").replace("language: en", f"language: {language}")
    complete = header + "\n\n".join(f"{heading}:\nWords." for heading in headings) + "\n"
    assert parse_notices(complete.encode())
    for heading in headings:
        assert repr(heading) in str(refusal(complete.replace(f"{heading}:\n", "", 1)))


@pytest.mark.parametrize(
    ("passage", "message"),
    [
        ("At any\u00adtime.", "control and format characters"),
        ("At any\u200btime.", "control and format characters"),
        ("At any\u202etime.", "control and format characters"),
        ("At any\ttime.", "control and format characters"),
        ("At any time.\r", "control and format characters"),
        ("At any time\u2028Never.", "control and format characters"),
        ("A\u0308nderungen jederzeit.", "normal form C"),
        ("At any time. ", "white space at the end"),
    ],
    ids=[
        "soft hyphen",
        "zero width",
        "right to left",
        "tab",
        "carriage return",
        "line separator",
        "decomposed",
        "space",
    ],
)
def test_two_texts_that_look_the_same_have_the_same_hash(passage: str, message: str) -> None:
    error = refusal(GOOD.replace("At any time.", passage))
    assert message in str(error)
    assert error.line == line_of(GOOD, "At any time.")


@pytest.mark.parametrize("source", ["", "\n", BODY, "id: news\n", "\n" + GOOD, "\ufeff" + GOOD])
def test_a_file_starts_with_a_header(source: str) -> None:
    assert refusal(source).line == 1


@pytest.mark.parametrize("source", [HEADER.removesuffix("---\n"), GOOD + "---\nid: news\n"])
def test_a_header_is_closed(source: str) -> None:
    assert "header is not closed" in str(refusal(source))


@pytest.mark.parametrize("source", [HEADER, HEADER + "\n\n", HEADER + GOOD])
def test_a_notice_has_a_text(source: str) -> None:
    assert "has a text" in str(refusal(source))


def test_a_file_has_a_size_limit_and_an_encoding() -> None:
    filled = GOOD.encode() + b"x" * (256 * 1024 - len(GOOD.encode()))
    assert parse_notices(filled)
    with pytest.raises(NoticeError, match=r"^larger than 262144 bytes$") as too_large:
        parse_notices(filled + b"x")
    assert too_large.value.line == 0
    with pytest.raises(NoticeError, match="not UTF-8") as caught:
        parse_notices(GOOD.replace("At any time.", "Jederzeit möglich.").encode("latin-1"))
    assert caught.value.line == line_of(GOOD, "At any time.")
    with pytest.raises(NoticeError, match="line 2: not UTF-8 at byte 1"):
        parse_notices(b"\n\xff")


def test_a_notice_does_not_print_its_text_and_never_has_another() -> None:
    (notice,) = parse_notices(GOOD.encode())
    assert "Yes, please" not in repr(notice)
    with pytest.raises(FrozenInstanceError):
        notice.text = "No, thanks."  # type: ignore[misc]  # what is tried


@pytest.mark.parametrize("path", sorted((CATALOGUE / "notices").glob("*.txt")), ids=lambda path: path.stem)
def test_the_shipped_texts_parse_and_are_named_as_their_file(path: Path) -> None:
    notices = parse_notices(path.read_bytes())
    assert {notice.id for notice in notices} == {path.stem}
    assert sorted(notice.language for notice in notices) == ["de", "en"]
    assert len({notice.version for notice in notices}) == 1
