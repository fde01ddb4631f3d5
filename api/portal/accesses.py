"""Shows a person one entry of their own in the access log, with what proves that it stands there unchanged.

Looking at it is recorded like every other access. An entry that does not speak of the person does not exist for them.

Legal: GDPR Art. 15(1)(c); C-579/21; R-15.1-4, R-AUD-4.
"""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages import Held, Index, titles_of
from api.portal.site import CALLER, PORTAL, Customer, PortalRoute
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.export import OpenedPerson, proof_file
from audit.log import Logged, PersonProof, Proof
from registry.context import Registry
from registry.errors import NotFoundError
from registry.rights import OWN_PURPOSE
from registry.staff_names import name_told

router = APIRouter(route_class=PortalRoute)


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry with its proofs; `person` is None where somebody else named in it has been closed since.

    `name` is who acted, where the controller decided to say so (`registry.staff_names`).
    """

    entry: Logged
    detail: str
    proof: Proof
    person: PersonProof | None
    name: str


@router.get("/portal/accesses/{index}")
async def access(request: Request, registry: Held, subject: Customer, index: Index) -> Response:
    """The entry in words, and its proof."""
    proven = await _own_entry(registry, subject, index)
    return PORTAL.page(
        request,
        "access.html",
        signed_in=True,
        proven=proven,
        titles=titles_of(request),
        verifier_key=registry.log.verifier_key,
    )


@router.get("/portal/accesses/{index}/proof.json")
async def proof(registry: Held, subject: Customer, index: Index) -> Response:
    """The entry and its proof as a file that `verify.py --proof` checks."""
    proven = await _own_entry(registry, subject, index)
    person = proven.person
    text = proof_file(
        proven.entry.body,
        index,
        proven.proof.hashes,
        proven.proof.note,
        registry.log.verifier_key,
        OpenedPerson(person.position, person.ref, person.detail, person.salt, person.hashes) if person else None,
    )
    headers = {"Content-Disposition": f'attachment; filename="proof-{index}.json"'}
    return Response(text, media_type="application/json", headers=headers)


async def _own_entry(registry: Registry, subject: UUID, index: int) -> Proven:
    """The entry, once looking at it is recorded.

    Raises:
        NotFoundError: no such entry, or none that speaks of this person.
    """
    openings = await registry.log.persons_of(index)
    mine = next((one for one in openings if one.person_ref == subject and one.position < ACTOR_POSITION), None)
    found = await registry.log.entry(index)
    if mine is None or found is None:
        raise NotFoundError("no such entry of this person")
    entry = Entry(
        EventTag.ACCESS_LOG_READ,
        Outcome.DONE,
        client=CALLER.client,
        purpose=OWN_PURPOSE,
        policy=registry.policy.version,
        persons=(PersonRef(subject),),
    )
    await registry.log.append(entry, None)
    opened = await registry.log.prove_person(index, subject)
    name = await name_told(registry, subject, index)
    return Proven(found, mine.detail, await registry.log.prove(index), opened, name)
