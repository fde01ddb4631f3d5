"""Writes to the person: what was wished and answered is kept sealed, and read like any other value.

Legal: GDPR Art. 12(1), (4); R-12.1-1.
"""

from collections.abc import Mapping
from uuid import UUID

from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, EventKind, Origin, Touchpoint
from registry.context import Caller, Change, Registry
from registry.disclosure import Disclosed, disclose
from registry.events import GivenEvent, field_of, write_event
from registry.rights.cases import OWN_PURPOSE
from registry.tables import RequestRow, SubjectRow


async def answers_of(registry: Registry, caller: Caller, subject_id: UUID) -> dict[UUID, Mapping[str, str]]:
    """The answers a person got, in German and English, by request; a read like any other."""
    found: dict[UUID, Mapping[str, str]] = {}
    for payload in await correspondence(registry, caller, subject_id, EventKind.REQUEST_ANSWER):
        found[UUID(str(payload["request_id"]))] = {"de": str(payload["de"]), "en": str(payload["en"])}
    return found


async def correspondence(
    registry: Registry, caller: Caller, subject_id: UUID, kind: EventKind
) -> list[Mapping[str, object]]:
    """What was written in a person's requests, through the same decision as every read."""
    name = field_of(registry.policy, kind)
    request = AccessRequest(ClientCode(caller.client), OWN_PURPOSE, (name,))
    (outcome,) = await disclose(registry, caller, request, [subject_id])
    if not isinstance(outcome, Disclosed):
        return []
    written = outcome.values[name]
    return written if isinstance(written, list) else []


async def write_letter(change: Change, subject: SubjectRow, kind: EventKind, payload: Mapping[str, object]) -> bytes:
    """Keep a letter of a request, sealed; returns the SHA-256 of the ciphertext."""
    letter = GivenEvent(kind, change.now, OWN_PURPOSE, payload, Touchpoint.PORTAL, Origin.PROVIDED)
    return (await write_event(change, subject, letter, "registry"))[1]


async def write_answer(change: Change, subject: SubjectRow, row: RequestRow, text: Mapping[str, str]) -> bytes:
    """Keep the answer to a request, sealed, in both languages; returns the SHA-256 of the ciphertext."""
    return await write_letter(change, subject, EventKind.REQUEST_ANSWER, {"request_id": str(row.request_id), **text})
