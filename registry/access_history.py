"""Who looked at a person's data, and who got it: as the log tells it, and as the policy named them at that time.

The entry of each access tells the policy it was decided under: what becomes of a client or a company later changes
nothing about it.

Legal: GDPR Art. 15(1)(c); C-154/21, C-579/21; R-15.1-4, R-15.1c-1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.log import PersonEntry, Recipient
from policies.documents import PolicyDocument
from registry.context import Registry
from registry.disclosure import OBSERVED
from registry.policy_history import documents_of

MOST_ACCESSES = 10_000


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One access as its subject sees it; staff are never named (C-579/21)."""

    index: int
    at: datetime
    operation: str
    outcome: str
    purpose: str
    recipient: str
    fields: tuple[str, ...]


async def access_log(
    registry: Registry, subject_id: UUID, limit: int = MOST_ACCESSES, before: int | None = None
) -> list[AccessLine]:
    """Who looked, when, for what: newest first, one line an entry (R-15.1-4)."""
    lines: list[AccessLine] = []
    while len(lines) < limit:
        most = min(500, limit - len(lines))
        page = await registry.log.entries_of(subject_id, before, most)
        documents = await documents_of(registry, [one.entry.tree.get("pol", "") for one in page])
        lines += [_line(registry.policy, documents, one) for one in page]
        if len(page) < most:
            break
        before = page[-1].entry.index
    return lines


def recipients_told(documents: Mapping[str, PolicyDocument], found: list[Recipient]) -> list[dict[str, Any]]:
    """Concrete recipients with dates (C-154/21): whoever really got data, as they were named when they got it.

    A client whose document of then cannot be read is told by its code: rather one too many than one too few.
    """
    listed: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in found:
        then = documents.get(one.policy)
        client = then.clients.get(one.client) if then else None
        if then is not None and (client is None or not client.recipient):
            continue
        outside = then.recipients[client.recipient] if then and client and client.recipient else None
        told = {
            "name": outside.name if outside else one.client,
            "address": outside.address if outside else "",
            "country": outside.country if outside else "",
            "role": outside.role if outside else "",
            "purpose": one.purpose,
        }
        key = tuple(told.values())
        known = listed.get(key)
        listed[key] = {
            **told,
            "first": min(one.first, known["first"]) if known else one.first,
            "last": max(one.last, known["last"]) if known else one.last,
            "count": one.count + (known["count"] if known else 0),
        }
    return [listed[key] for key in sorted(listed)]


def _line(today: PolicyDocument, documents: Mapping[str, PolicyDocument], one: PersonEntry) -> AccessLine:
    tree = one.entry.tree
    then = documents.get(tree.get("pol", ""), today)
    outcome, _, detail = one.detail.partition(":")
    left = detail.split(",") if outcome != OBSERVED else []
    return AccessLine(
        index=one.entry.index,
        at=one.entry.at,
        operation=tree["op"],
        outcome=outcome if outcome in {"permit", "deny"} else tree["out"],
        purpose=tree.get("pur", ""),
        recipient=_who(today, then, tree.get("cli", "")),
        fields=tuple(name for name in left if name in then.fields),
    )


def _who(today: PolicyDocument, then: PolicyDocument, code: str) -> str:
    """A company as it was named then; a system of the controller's own as it is titled now."""
    client = then.clients.get(code)
    if client is not None and client.recipient:
        return then.recipients[client.recipient].name
    own = today.clients.get(code, client)
    return own.title.de if own else today.policy.controller.name
