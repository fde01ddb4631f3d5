"""The people who bring a policy into force, and documents for them to decide about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.compose import shipped_notices
from api.settings import CATALOGUE, Settings
from policies.notices import NoticeText
from registry.activation import NotTaken, Taken, advise, decide, prepare_decision, propose, review
from registry.activation_bars import Gates, Signed
from registry.actors import Role, Staff
from registry.context import Registry
from registry.policy_facts import gates_for
from registry.signing import fingerprint_of
from registry.signing_keys import enrol_key
from tests.house import House

SHIPPED = (CATALOGUE / "retailer.yaml").read_bytes()


def document(version: str, *changes: tuple[str, str]) -> bytes:
    """The shipped document under another version, with some words replaced."""
    text = re.sub(r'(?m)^  version: ".*"$', f'  version: "{version}"', SHIPPED.decode(), count=1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def with_state(version: str, purpose: str, state: str) -> bytes:
    """The shipped document under another version, with one purpose in another state."""
    before, after = document(version).decode().split(f"\n  {purpose}:\n", 1)
    return f"{before}\n  {purpose}:\n{after.replace('state: active', f'state: {state}', 1)}".encode()


@dataclass
class Board:
    """Author, legal review, data protection officer and decider, who has a signing key."""

    registry: Registry
    author: Staff
    legal: Staff
    dpo: Staff
    decider: Staff
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    texts: Sequence[NoticeText] = field(default_factory=lambda: shipped_notices(Settings()))

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    async def gates(self) -> Gates:
        return await gates_for(self.registry.database, self.texts)

    async def propose(self, source: bytes) -> Taken | NotTaken:
        return await propose(self.registry, self.author, source, await self.gates())

    async def review(self, source: bytes, *, objects: bool = False, reasons: str = "") -> Taken | NotTaken:
        return await review(self.registry, self.legal, source, objects=objects, reasons=reasons)

    async def advise(self, source: bytes, *, objects: bool = False, reasons: str = "") -> Taken | NotTaken:
        return await advise(self.registry, self.dpo, source, objects=objects, reasons=reasons)

    async def sign(self, source: bytes, *, accepts: bool = True, reasons: str = "") -> Signed:
        wanted = await prepare_decision(self.registry, self.decider, source, accepts=accepts, reasons=reasons)
        return Signed(fingerprint_of(self.public_key), self.key.sign(wanted.statement), wanted.at)

    async def decide(
        self, source: bytes, signed: Signed | None = None, *, accepts: bool = True, reasons: str = ""
    ) -> Taken | NotTaken:
        signed = signed or await self.sign(source, accepts=accepts, reasons=reasons)
        gates = await self.gates()
        return await decide(
            self.registry, self.decider, source, signed, gates, accepts=accepts, reasons=reasons, texts=self.texts
        )

    async def to_advised(self, source: bytes) -> None:
        for step in (self.propose, self.review, self.advise):
            assert isinstance(await step(source), Taken)

    async def put_in_force(self, source: bytes) -> None:
        """All steps, as if nobody minded."""
        await self.to_advised(source)
        outcome = await self.decide(source)
        assert isinstance(outcome, Taken), outcome


async def board_of(house: House) -> Board:
    """Four people of the house, made when first asked for."""
    board = Board(
        house.registry,
        await house.staff(Role.AUTHOR),
        await house.staff(Role.LEGAL),
        await house.staff(Role.DPO),
        await house.staff(Role.DECIDER),
    )
    await enrol_key(house.registry, board.decider, board.public_key)
    return board
