"""An entry's bytes are the canonical JSON of its members, however they were put together."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import event
from audit.drafts import pack, unpack
from audit.event import Entry, EventTag, Outcome, PersonRef

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
lists = st.lists(words, max_size=3).map(tuple)
digests = st.binary(min_size=32, max_size=32)
entries = st.builds(
    Entry,
    st.sampled_from(EventTag),
    st.sampled_from(Outcome),
    client=words,
    purpose=words,
    bases=lists,
    categories=lists,
    fields=lists,
    reasons=lists,
    policy=words,
    ciphertexts=st.lists(digests, max_size=2).map(tuple),
    closes=st.integers(0, 3),
    predecessor=words,
)


@given(entries, st.uuids(), st.integers(0, 1 << 33), st.lists(digests, max_size=3), st.none() | digests)
def test_a_body_is_canonical_and_says_all_of_the_entry(
    entry: Entry, uid: UUID, second: int, commitments: list[bytes], actor: bytes | None
) -> None:
    body = event.body(entry, uid, second, commitments, actor)
    expected = {
        "v": 1,
        "uid": uid.hex,
        "t": second,
        "op": entry.operation.value,
        "out": entry.outcome.value,
        "n": len(commitments),
    }
    optional = {
        "cli": entry.client,
        "pur": entry.purpose,
        "bas": list(entry.bases),
        "cat": list(entry.categories),
        "fld": list(entry.fields),
        "why": list(entry.reasons),
        "pol": entry.policy,
        "sub": event.subtree_root(commitments).hex() if commitments else "",
        "act": actor.hex() if actor else "",
        "cts": [digest.hex() for digest in entry.ciphertexts],
        "cls": entry.closes,
        "prv": entry.predecessor,
    }
    tree = expected | {name: value for name, value in optional.items() if value}
    assert json.loads(body) == tree
    assert body == event.canonical(tree)


def test_an_entry_shows_neither_persons_nor_what_was_written() -> None:
    person = UUID(int=7)
    entry = Entry(EventTag.ERASE, Outcome.DONE, persons=(PersonRef(person, "permit:email"),), ciphertexts=(b"\1" * 32,))
    assert repr(entry) == "Entry(erase, done, persons=1)"


@pytest.mark.gdpr("15(4)")
def test_what_an_entry_is_only_found_by_is_not_in_its_body_and_waits_with_its_intent() -> None:
    """docs/adr/0027."""
    entry = Entry(EventTag.DECIDE, Outcome.DENY, persons=(PersonRef(UUID(int=1)), PersonRef(UUID(int=2))))
    sought = entry._replace(sought=("MINOR",))
    bodies = {event.body(one, UUID(int=3), 4, [b"a" * 32, b"b" * 32], None) for one in (entry, sought)}
    assert len(bodies) == 1
    assert unpack(pack(sought)) == sought
    earlier = {name: value for name, value in json.loads(pack(entry)).items() if name != "fnd"}
    assert unpack(json.dumps(earlier).encode()) == entry
