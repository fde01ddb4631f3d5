"""A small audit log in memory: what a store would hold after some calls, erasures and checkpoints."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import checkpoint, event, export, merkle
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.export import Commitments, OpenedPerson, Salt

ORIGIN = "example.com/registry"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One stored entry."""

    index: int
    uid: UUID
    hash: bytes
    body: bytes
    second: int
    operation: str
    outcome: str
    purpose: str
    client: str

    def with_body(self, body: bytes) -> Self:
        """The entry with other bytes and the hash that belongs to them."""
        return replace(self, body=body, hash=merkle.leaf_hash(body))


@dataclass(frozen=True, slots=True)
class Opening:
    """One person's part of one entry."""

    person_ref: UUID
    leaf: int
    position: int
    detail: str


class SampleLog:
    """Records, closes and exports; the same seed makes the same log."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.signer = Ed25519PrivateKey.from_private_bytes(b"a signing key that anybody knows")
        self.key = checkpoint.verifier_key(ORIGIN, self.signer.public_key())
        self.audit_keys: dict[UUID, bytes] = {}
        self.leaves: list[Leaf] = []
        self.openings: list[Opening] = []
        self.commitments: list[Commitments] = []
        self.second = 1_770_000_000

    def person(self) -> UUID:
        """Somebody new, with an audit key."""
        ref = UUID(bytes=self.random.randbytes(16))
        self.audit_keys[ref] = self.random.randbytes(32)
        return ref

    def record(self, entry: Entry) -> int:
        """Append an entry and its openings; returns its index."""
        index, uid = len(self.leaves), UUID(bytes=self.random.randbytes(16))
        self.second += self.random.randrange(3)
        commitments = []
        for position, person in enumerate(entry.persons):
            salt = event.salt(self.audit_keys[person.ref], uid, position)
            commitments.append(event.commitment(salt, person.ref, person.detail))
            self.openings.append(Opening(person.ref, index, position, person.detail))
        if len(commitments) > 1:
            self.commitments.append(Commitments(index, commitments))
        actor = None
        if entry.actor is not None:
            salt = event.salt(self.audit_keys[entry.actor], uid, ACTOR_POSITION)
            actor = event.commitment(salt, entry.actor, "")
            self.openings.append(Opening(entry.actor, index, ACTOR_POSITION, ""))
        body = event.body(entry, uid, self.second, commitments, actor)
        row = (self.second, entry.operation.value, entry.outcome.value, entry.purpose, entry.client)
        self.leaves.append(Leaf(index, uid, merkle.leaf_hash(body), body, *row))
        return index

    def read(self, *persons: UUID, actor: UUID | None = None) -> int:
        """A call that discloses two fields of each person."""
        return self.record(
            Entry(
                EventTag.DISCLOSE,
                self.random.choice([Outcome.PERMIT, Outcome.DENY]),
                client=self.random.choice(["mailer", "shop", "=crm"]),
                purpose=self.random.choice(["newsletter", "order"]),
                bases=("6(1)(a)",),
                fields=("email", "given_name"),
                reasons=("CONSENT_MISSING",),
                policy="2026-01",
                persons=tuple(PersonRef(ref, self.random.choice(["permit", "deny"])) for ref in persons),
                actor=actor,
                ciphertexts=(self.random.randbytes(32),),
            )
        )

    def close(self, ref: UUID) -> int:
        """Delete a person's openings and their key, and say in an entry how many openings that closed."""
        closed = [opening for opening in self.openings if opening.person_ref == ref]
        self.openings = [opening for opening in self.openings if opening.person_ref != ref]
        del self.audit_keys[ref]
        return self.record(Entry(EventTag.ACCESS_LOG_CLOSE, Outcome.DONE, closes=len(closed)))

    def fill(self, calls: int, people: int = 5) -> Self:
        """Some calls about some people; every eleventh call closes somebody's part."""
        self.record(Entry(EventTag.START, Outcome.DONE))
        known = [self.person() for _ in range(people)]
        for call in range(1, calls):
            if call % 11 == 0:
                self.close(known.pop(self.random.randrange(len(known))))
                known.append(self.person())
                continue
            touched = self.random.sample(known, self.random.choice([0, 1, 1, 1, 2, 3]))
            self.read(*touched, actor=self.random.choice([None, *known]))
        return self

    def note(self, size: int | None = None) -> str:
        """A signed checkpoint over the first `size` entries."""
        hashes = [leaf.hash for leaf in self.leaves[:size]]
        return checkpoint.sign(checkpoint.Checkpoint(ORIGIN, len(hashes), merkle.root_of(hashes)), ORIGIN, self.signer)

    def salt(self, opening: Opening) -> bytes:
        """What opens one commitment."""
        return event.salt(self.audit_keys[opening.person_ref], self.leaves[opening.leaf].uid, opening.position)

    def salts(self) -> list[Salt]:
        """What opens every commitment that can still be opened."""
        return [Salt(one.leaf, one.position, self.salt(one)) for one in self.openings]

    def export(self, directory: Path, *, earlier: Sequence[str] = (), leaves: Sequence[Leaf] | None = None) -> Path:
        """Write the log under a fresh checkpoint, with salts; `leaves` are what somebody made of its rows since."""
        rows = self.leaves if leaves is None else leaves
        written = export.write_export(
            directory,
            self.note(),
            [self.key],
            rows,
            self.openings,
            salts=self.salts(),
            commitments=self.commitments,
            earlier=earlier,
        )
        asyncio.run(written)
        return directory

    def proof(self, index: int, opening: Opening | None = None) -> str:
        """The proof file of one entry, opened for one person if asked."""
        rows = merkle.rows_of(leaf.hash for leaf in self.leaves)
        inclusion = merkle.proof_from(merkle.inclusion_ranges(index, len(self.leaves)), rows)
        person = None if opening is None else self.opened(opening)
        return export.proof_file(self.leaves[index].body, index, inclusion, self.note(), self.key, person)

    def opened(self, opening: Opening) -> OpenedPerson:
        """One person's commitment, opened, with its place among those of the same entry."""
        steps: list[bytes] = []
        if opening.position != ACTOR_POSITION:
            others = [one for one in self.openings if one.leaf == opening.leaf and one.position != ACTOR_POSITION]
            others.sort(key=lambda one: one.position)
            values = [event.commitment(self.salt(one), one.person_ref, one.detail) for one in others]
            rows = merkle.rows_of(merkle.leaf_hash(value) for value in values)
            steps = merkle.proof_from(merkle.inclusion_ranges(opening.position, len(values)), rows)
        return OpenedPerson(opening.position, opening.person_ref, opening.detail, self.salt(opening), steps)
