"""Notice files: parsed strictly, hashed as shown, complete as the law asks."""

import hashlib

import pytest

from policies.notices import MAXIMUM_NOTICE_BYTES, SECTIONS, NoticeError, NoticeKind, NoticeText, parse_notices
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
            purposes=("news", "more_news"),  # type: ignore[arg-type]
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
    with pytest.raises(NoticeError, match="larger than"):
        parse_notices(GOOD.encode() + b"x" * MAXIMUM_NOTICE_BYTES)
    with pytest.raises(NoticeError, match="not UTF-8") as caught:
        parse_notices(GOOD.replace("At any time.", "Jederzeit möglich.").encode("latin-1"))
    assert caught.value.line == line_of(GOOD, "At any time.")


def test_a_notice_does_not_print_its_text() -> None:
    (notice,) = parse_notices(GOOD.encode())
    assert "Yes, please" not in repr(notice)


@pytest.mark.parametrize("path", sorted((CATALOGUE / "notices").glob("*.txt")), ids=lambda path: path.stem)
def test_the_shipped_texts_parse_and_are_named_as_their_file(path: object) -> None:
    notices = parse_notices(path.read_bytes())  # type: ignore[attr-defined]
    assert {notice.id for notice in notices} == {path.stem}  # type: ignore[attr-defined]
    assert sorted(notice.language for notice in notices) == ["de", "en"]
    assert len({notice.version for notice in notices}) == 1
