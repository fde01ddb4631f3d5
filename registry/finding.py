"""Finds people by an identifier, as far as the asker may read that identifier of them.

Who is found by an address is told to be a customer: so finding by e-mail or phone is decided like reading it, person by
person, and whoever may not be read is not found, as if nobody were there. So is finding by a number that another system
gave: it reads the customer number. A number of the asker's own is its own name for somebody: client and purpose decide
alone, within the number of people a day. Every look-up is recorded, a miss without the digest; a miss goes the same
way as somebody who may not be told: about an id that nobody has.

Legal: GDPR Art. 5(1)(b), (c), Art. 5(2), Art. 32; R-ENC-4, R-ENC-6.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.decision import Deny, Observed, Permit
from policies.evaluate import evaluate_gate, is_observed
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, FieldName, PurposeId, ReasonCode, SubjectId, SubjectStatus
from registry.budgets import take_places
from registry.context import Caller, Registry
from registry.decisions import decide
from registry.disclosure import case_detail, entry_of, observe_people
from registry.errors import InvalidValueError
from registry.lookup import INDEXED_FIELDS, IdentifierKind, normalise
from registry.tables import LookupRow, SubjectRow

MOST_CANDIDATES = 10
_NUMBER = FieldName("customer_number")
_FIELD_OF = {kind: FieldName(name) for name, kind in INDEXED_FIELDS.items()}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What somebody is looked up by; `source` is the system that gave an external id."""

    kind: IdentifierKind
    value: str = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Pseudonyms of whom the asker may know under an identifier; addresses may be shared."""

    subject_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Refused by client and purpose alone, before anybody was looked for; `index` is the entry that says so."""

    deny: Deny
    index: int


async def find(
    registry: Registry,
    caller: Caller,
    purpose: PurposeId,
    identifier: Identifier,
    case_reference: str | None = None,
) -> Found | NotAsked:
    """Look for people under an identifier, for a purpose.

    Args:
        registry: the collaborators.
        caller: who asks.
        purpose: what for.
        identifier: as typed.
        case_reference: the case it is for, where the purpose asks for one.

    Raises:
        InvalidValueError: when the value cannot be an identifier of this kind.
        AuditUnavailableError: when it could not be recorded; nothing is told then.
        NotReadyError: when the database, the keys or the policy are out of reach.
    """
    own = identifier.kind is IdentifierKind.EXTERNAL_ID and identifier.source == caller.client
    asked = () if own else (_FIELD_OF.get(identifier.kind, _NUMBER),)
    request = AccessRequest(ClientCode(caller.client), purpose, asked, case_reference=case_reference)
    refused = evaluate_gate(request, registry.policy)
    if refused is not None:
        observed = await _observed(registry, caller, request, identifier)
        entry = entry_of(caller, request, registry.policy, EventTag.LOOKUP, [refused], observed)
        return NotAsked(refused, (await registry.log.append(entry, refused)).index)
    candidates = await _known_under(registry, identifier)
    if own:
        return await _own(registry, caller, request, candidates)
    decided = await decide(registry, caller, request, candidates or [uuid4()], EventTag.LOOKUP)
    return Found([one.subject_id for one in decided if isinstance(one.decision, Permit)])


async def _own(registry: Registry, caller: Caller, request: AccessRequest, known: list[UUID]) -> Found:
    """Who is known under a number of the asker's own, as far as the number of people a day reaches."""
    policy = registry.policy
    subjects_per_day = policy.subjects_per_day(request.client, request.purpose)
    told = known
    if subjects_per_day is not None:
        people = dict.fromkeys(known, True) or {uuid4(): False}
        counted = await take_places(registry, request.client, request.purpose, people, subjects_per_day)
        told = [one for one in known if one in counted]
    kind, quota, case = IdentifierKind.EXTERNAL_ID.value, ReasonCode.QUOTA.value, case_detail(request)
    entry = Entry(
        EventTag.LOOKUP,
        Outcome.PERMIT if told else Outcome.DENY,
        client=caller.client,
        purpose=request.purpose,
        fields=(kind,),
        reasons=(quota,) if told != known else (),
        policy=policy.version,
        persons=tuple(PersonRef(one, (f"permit:{kind}" if one in told else f"deny:{quota}") + case) for one in known),
        actor=caller.actor,
    )
    return Found((await registry.log.append(entry, told)).value)


async def _observed(
    registry: Registry, caller: Caller, request: AccessRequest, identifier: Identifier
) -> list[Observed]:
    """Whom a purpose in observe mode would have found, for the entry of its refusal alone."""
    if not is_observed(request, registry.policy):
        return []
    with suppress(InvalidValueError):  # the asker is not even told that nobody could have this identifier
        candidates = await _known_under(registry, identifier)
        if not request.fields:
            return [Observed(SubjectId(one), (), ()) for one in candidates]
        return await observe_people(registry, caller, request, candidates, registry.policy)
    return []


async def _known_under(registry: Registry, identifier: Identifier) -> list[UUID]:
    normalised = normalise(identifier.kind, identifier.value, identifier.source)
    async with registry.database.reading() as session:
        await registry.fresh_keys(session)
        digests = [one.value for one in registry.ring.index_digests(identifier.kind.value, normalised)]
        statement = (
            select(col(LookupRow.subject_id))
            .join(SubjectRow, col(SubjectRow.subject_id) == col(LookupRow.subject_id))
            .where(
                col(LookupRow.kind) == identifier.kind.value,
                col(LookupRow.digest).in_(digests),
                col(SubjectRow.status) == SubjectStatus.ACTIVE.value,
            )
            .limit(MOST_CANDIDATES)
        )
        return list((await session.execute(statement)).scalars())
