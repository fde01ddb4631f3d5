"""Gates of what the registry itself needs: the purposes its own code works under, and bases that it can judge.

Who asks for a copy of their data must get all of it, restricted or not, whatever it was collected for. A document that
left that out would be lawful in every line and have the registry answer nobody.

Legal: GDPR Art. 5(2), 6(1)(d), (e), 7(1), 12(2), 15(1), (3), 24; R-15.1-1, R-7.1-2, R-6.1-1.
"""

from collections.abc import Iterator, Mapping

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.vocabulary import EventKind, LegalBasis

ANSWERING = "data_subject_request"
PROVING = "consent_proof"
CONTROLLING = "privacy_control"
# The purposes that the registry's code names, with the clients it then acts as; a proof is stored for whoever asks.
OWN_PURPOSES: Mapping[str, tuple[str, ...]] = {
    ANSWERING: ("portal", "console", "registry"),
    CONTROLLING: ("console", "registry"),
    PROVING: (),
}
# With anything else, a rule would hold back from people what is theirs.
_UNHINDERED: Mapping[str, object] = {
    "while_restricted": True,
    "from_any_purpose": True,
    "objection": "not_applicable",
    "case_reference": "optional",
    "aggregates_only": False,
    "significant_decision": False,
    "minimum_age": 0,
    "look_back": {},
}
_LETTERS = (EventKind.REQUEST_WISH, EventKind.REQUEST_ANSWER)
_NEVER_JUDGED = {
    LegalBasis.VITAL_INTERESTS: "vital interests arise in an emergency, case by case, and are no ground laid down",
    LegalBasis.PUBLIC_TASK: "a public task is conferred on an authority by law, and no fact on file would show it",
}


@requires("R-15.1-1", "Art. 5(2), 12(2), 24 GDPR")
def own_purposes_are_there(seen: Activation) -> Iterator[Fault]:
    """What the registry does of itself has a purpose in force, held by each client that it acts as."""
    document = seen.document
    for name, clients in OWN_PURPOSES.items():
        purpose = document.purposes.get(name)
        if purpose is None:
            yield Fault(("purposes",), f"purpose {name}: the registry works under it, and it is not declared")
            continue
        if purpose.state != "active":
            yield Fault(("purposes", name, "state"), f"purpose {name}: the registry works under it, so it is active")
        for code in clients:
            if code not in document.clients:
                yield Fault(("clients",), f"client {code}: the registry acts as it for {name}, and it is not declared")
            elif name not in document.clients[code].purposes:
                at = ("clients", code, "purposes")
                yield Fault(at, f"client {code}: the registry acts as it for {name}, so it has that purpose")


@requires("R-15.1-1", "Art. 12(2), 15(1), (3) GDPR")
def requests_see_everything(seen: Activation) -> Iterator[Fault]:
    """Who asks gets every field, and nothing that holds data back from others holds it back from them."""
    purpose = seen.document.purposes.get(ANSWERING)
    if purpose is None:
        return
    at = ("purposes", ANSWERING)
    if unread := sorted(seen.document.fields.keys() - purpose.allowed):
        yield Fault((*at, "fields"), f"purpose {ANSWERING}: people get a copy of everything, also {', '.join(unread)}")
    if purpose.articles != {LegalBasis.LEGAL_OBLIGATION}:
        yield Fault((*at, "basis"), f"purpose {ANSWERING}: answering people is a duty of law (A6-1-c) and nothing else")
    for key, wanted in _UNHINDERED.items():
        if getattr(purpose, key) != wanted:
            yield Fault((*at, key), f"purpose {ANSWERING}: {key} would hold back from people what is theirs")


@requires("R-12.6-3", "Art. 7(1), 12(1), (3) GDPR")
def letters_and_proofs_have_a_place(seen: Activation) -> Iterator[Fault]:
    """What people ask, what they are answered and what they consented to is stored under the purpose it is kept for."""
    document = seen.document
    held = {field.event for field in document.fields.values()}
    for kind in _LETTERS:
        if kind not in held:
            yield Fault(("fields",), f"no field holds events of kind {kind}, so no request could be taken or answered")
    proving = document.purposes.get(PROVING)
    for name, field in document.fields.items():
        if field.event is EventKind.CONSENT_EVIDENCE and proving is not None and name not in proving.collectable:
            what = f"{name} is stored for it, so it reads or collects it"
            yield Fault(("purposes", PROVING, "fields"), f"purpose {PROVING}: {what}")


@requires("R-6.1-1", "Art. 6(1)(d), (e), (2), (3) GDPR")
def bases_can_be_judged(seen: Activation) -> Iterator[Fault]:
    """A basis that no fact on file could ever carry opens nothing, so a purpose in force does not name it."""
    for name, purpose in seen.document.in_force():
        for category, basis in purpose.basis.items():
            if basis.article in _NEVER_JUDGED:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: {_NEVER_JUDGED[basis.article]}")


GATES: tuple[Check[Activation], ...] = (
    own_purposes_are_there,
    requests_see_everything,
    letters_and_proofs_have_a_place,
    bases_can_be_judged,
)
