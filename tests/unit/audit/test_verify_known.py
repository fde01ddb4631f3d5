"""What `verify.py` knows of an earlier entry never lets a malformed one pass, nor says anything else of a good one."""

from collections.abc import Iterator
from uuid import UUID

from audit import event
from audit.event import Entry, EventTag, Outcome
from audit.verify import Known, parse_plain

GOOD = event.body(
    Entry(EventTag.DISCLOSE, Outcome.PERMIT, client="shop", purpose="order", fields=("city",), policy="1"),
    UUID(int=1 << 100),
    1_770_000_000,
    [bytes(32)],
    None,
)


TRIED = b'0159afgAFG"\\,:{}[]+-_. \x00\x7f\xff'


def knowing() -> Known:
    """As after the good entry."""
    known: Known = {}
    assert parse_plain(GOOD, known)
    assert len(known) == 1
    return known


def changed() -> Iterator[bytes]:
    """Other bytes everywhere, every byte left out, every byte twice, and two changes at a time."""
    for at in range(len(GOOD)):
        yield from (GOOD[:at] + bytes([byte]) + GOOD[at + 1 :] for byte in TRIED)
        yield GOOD[:at] + GOOD[at + 1 :]
        yield GOOD[:at] + GOOD[at : at + 1] + GOOD[at:]
    start = GOOD.index(b',"sub":"')
    for one in range(start, start + 128):  # shifts inside the part that is not compared as a whole
        yield from (
            GOOD[:one] + GOOD[one + 1 : two] + GOOD[one : one + 1] + GOOD[two:] for two in range(one + 1, start + 129)
        )


def test_what_is_known_changes_no_answer() -> None:
    known = knowing()
    for body in changed():
        assert parse_plain(body, dict(known)) == parse_plain(body, {}), body


def test_another_entry_of_the_same_form_is_read_as_its_own() -> None:
    other = event.body(
        Entry(EventTag.DISCLOSE, Outcome.PERMIT, client="shop", purpose="order", fields=("city",), policy="1"),
        UUID(int=(1 << 128) - 1),
        1_999_999_999,
        [bytes([1]) * 32],
        None,
    )
    known = knowing()
    assert parse_plain(other, known) == parse_plain(other, {})
    assert len(known) == 1
