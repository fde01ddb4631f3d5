"""What a policy document lets happen and what it binds, one by one, so that two documents can be compared.

A provision that grants (who may read which field, by which channel people are contacted, who receives data) widens
when it comes; one that binds (the protections of profiling, an input without which nobody reads an estimate) widens
when it goes.

Legal: GDPR Art. 5(1)(b), (c), 6(4), 13(1)(e), (f), 22, 26, 32, 44.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policies.declared import PolicyDocument
from policies.findings import Path
from policies.holdings import FieldPart
from policies.parties import Recipient
from policies.purposes import Purpose

# Each lets a purpose do more with people, and gives them rights against it.
_USES = ("direct_marketing", "profiling", "significant_decision")


class Provision(NamedTuple):
    """One thing granted or bound; `purpose` is empty where it belongs to none."""

    kind: str
    purpose: str
    who: str = ""
    what: str = ""


class Kind(NamedTuple):
    """How a kind of provision is told when it comes and when it goes, and where the document says it."""

    added: str
    gone: str
    at: tuple[str, ...]
    binds: bool = False


KINDS: Mapping[str, Kind] = {
    "purpose": Kind("{purpose} is put in force", "{purpose} is no longer in force", ("purposes.{purpose}.state",)),
    "observed": Kind(
        "{purpose} is observed from now on: decided and recorded, and nothing leaves",
        "{purpose} is no longer observed",
        ("purposes.{purpose}.state",),
    ),
    "draft": Kind(
        "{purpose} is written down, and not in force",
        "{purpose}, which was not in force, is no longer written down",
        ("purposes.{purpose}.state",),
    ),
    "ask": Kind(
        "{who} may now ask for {purpose}", "{who} may no longer ask for {purpose}", ("clients.{who}.purposes",)
    ),
    "act": Kind(
        "role {who} may now act for {purpose}", "role {who} may no longer act for {purpose}", ("roles.{who}.purposes",)
    ),
    "system": Kind(
        "{who}, which asks for {purpose}, is now a system of {what}",
        "{who}, which asks for {purpose}, is no longer a system of {what}",
        ("clients.{who}.recipient",),
    ),
    "bound": Kind(
        "{who} now asks for {purpose} only while {what} may receive it",
        "{who} now asks for {purpose} whether or not {what} may receive it",
        ("clients.{who}.recipient",),
        binds=True,
    ),
    "read": Kind(
        "{who}{purpose} may now also read {what}", "{who}{purpose} may no longer read {what}",
        ("purposes.{purpose}.fields",),
    ),
    "collect": Kind(
        "{purpose} may now also collect {what}", "{purpose} may no longer collect {what}",
        ("purposes.{purpose}.collects",),
    ),
    "contact": Kind(
        "{purpose} may now also contact by {what}", "{purpose} may no longer contact by {what}",
        ("purposes.{purpose}.channels",),
    ),
    "receive": Kind(
        "{purpose} now also discloses to {what}", "{purpose} no longer discloses to {what}",
        ("purposes.{purpose}.recipients",),
    ),
    "named": Kind(
        "{who}, whom {purpose} discloses to, is now {what}", "{who}, whom {purpose} discloses to, is no longer {what}",
        ("recipients.{who}.name",),
    ),
    "transfer": Kind(
        "{purpose} may now reach {who} in {what}", "{purpose} may no longer reach {who} in {what}",
        ("recipients.{who}.country", "recipients.{who}.third_country", "recipients.{who}.transfer.instrument"),
    ),
    "source": Kind(
        "{purpose} may now also use what {what} collected", "{purpose} may no longer use what {what} collected",
        ("purposes.{purpose}.compatible_from.{what}",),
    ),
    "category": Kind(
        "{purpose} now has a basis for {what}", "{purpose} no longer has a basis for {what}",
        ("purposes.{purpose}.basis.{what}",),
    ),
    "rest": Kind(
        "{purpose} may now also rest on a {what} for {who}", "{purpose} may no longer rest on a {what} for {who}",
        ("purposes.{purpose}.basis.{who}.rests_on",),
    ),
    "use": Kind(
        "{purpose} may now be used for {words}", "{purpose} may no longer be used for {words}",
        ("purposes.{purpose}.{what}",),
    ),
    "guard": Kind(
        "{purpose} now has the protections of {words}", "{purpose} no longer has the protections of {words}",
        ("purposes.{purpose}.{what}",), binds=True,
    ),
    "field": Kind("{what} may now be kept", "{what} may no longer be kept", ("fields.{what}",)),
    "event": Kind(
        "every {words} may now be kept as {who}", "not every {words} may be kept as {who} any longer",
        ("fields.{who}.event",),
    ),
    "value": Kind("{who} may now also be {what}", "{who} may no longer be {what}", ("fields.{who}.values.{what}",)),
    "obtain": Kind(
        "{who} may now be obtained from {what}", "{who} may no longer be obtained from {what}",
        ("fields.{who}.obtained_from",),
    ),
    "derive": Kind(
        "{who} is now read only by who may read {what}", "{who} may now be read by who may not read {what}",
        ("fields.{who}.derived_from",), binds=True,
    ),
    "model": Kind(
        "score model {who} may now write {what}", "score model {who} may no longer write {what}",
        tuple(f"score_models.{{who}}.{key}" for key in ("field", "purpose", "version", "effect", "decision_mode")),
    ),
    "input": Kind(
        "score model {who} may now also work with {what} for {purpose}",
        "score model {who} may no longer work with {what} for {purpose}",
        ("score_models.{who}.inputs",),
    ),
    "joint": Kind(
        "{what} is now responsible jointly", "{what} is no longer responsible jointly",
        ("policy.controller.joint_controllers",),
    ),
    "secure": Kind(
        "a security measure is now named: {what}", "a security measure is no longer named: {what}",
        ("policy.security_measures",), binds=True,
    ),
}  # fmt: skip


def places_of(provision: Provision) -> Iterator[Path]:
    """Where the document says it."""
    for template in KINDS[provision.kind].at:
        yield tuple(part.format_map(provision._asdict()) for part in template.split("."))


def of_state(document: PolicyDocument, other: PolicyDocument) -> Iterator[Provision]:
    """Which purposes are there, where the other document does not have them or has them out of force.

    Two states in force, or two out of force, are told by their measure.
    """
    for name, purpose in document.purposes.items():
        known = other.purposes.get(name)
        if purpose.in_force and not (known and known.in_force):
            yield Provision("purpose" if purpose.state == "active" else "observed", name)
        elif known is None:
            yield Provision("draft", name)


def of_access(document: PolicyDocument) -> Iterator[Provision]:
    """Who may ask or act for a purpose."""
    for code, client in document.clients.items():
        yield from (Provision("ask", name, code) for name in client.purposes)
        if client.recipient is not None:
            yield from (Provision("system", name, code, client.recipient) for name in client.purposes)
    for code, role in document.roles.items():
        yield from (Provision("act", name, code) for name in role.purposes)


def of_purpose(name: str, document: PolicyDocument, other: PolicyDocument) -> Iterator[Provision]:
    """What a purpose may do, where it is in the document at all; a client new to it is one line, not one a field."""
    purpose = document.purposes.get(name)
    if purpose is None:
        return
    asking = [code for code, client in document.clients.items() if name in client.purposes]
    both = [code for code in asking if code in other.clients and name in other.clients[code].purposes]
    yield from (Provision("read", name, code, field) for field in purpose.allowed for code in both or [""])
    for code in both:
        owner = document.clients[code].recipient
        if owner is not None and other.clients[code].recipient is None:
            yield Provision("bound", name, code, owner)
    yield from _of_content(name, purpose)
    known = recipients_of(name, other)
    for code, recipient in recipients_of(name, document).items():
        yield Provision("receive", name, what=code)
        if code in known:
            yield Provision("named", name, code, recipient.name)
        if recipient.outside_eea:
            yield Provision("transfer", name, code, _instrument(recipient))


def _of_content(name: str, purpose: Purpose) -> Iterator[Provision]:
    yield from (Provision("collect", name, what=field) for field in purpose.collectable - purpose.allowed)
    yield from (Provision("contact", name, what=channel) for channel in purpose.channels)
    yield from (Provision("source", name, what=source) for source in purpose.sources)
    for category, basis in purpose.basis.items():
        yield Provision("category", name, what=category)
        yield from (Provision("rest", name, category, kind) for kind in basis.rests_on)
    for use in _USES:
        if getattr(purpose, use):
            yield Provision("use", name, what=use)
            yield Provision("guard", name, what=use)


def recipients_of(purpose: str, document: PolicyDocument) -> Mapping[str, Recipient]:
    """Whom a purpose discloses to: those it names, and those whose systems ask for it."""
    owners = [client.recipient or "" for client in document.clients.values() if purpose in client.purposes]
    named = document.purposes[purpose].recipients if purpose in document.purposes else ()
    return {code: document.recipients[code] for code in (*named, *owners) if code in document.recipients}


def _instrument(recipient: Recipient) -> str:
    under = recipient.transfer.instrument.replace("_", " ") if recipient.transfer else "no instrument of its own"
    return f"{recipient.country}, outside the EEA, under {under}"


def of_holdings(document: PolicyDocument, other: PolicyDocument) -> Iterator[Provision]:
    """What belongs to no single purpose: fields, score models, who is responsible, and how data is kept safe."""
    for name, field in document.fields.items():
        yield Provision("field", "", what=name)
        if name in other.fields:
            yield from _of_field(name, field)
    for name, model in document.score_models.items():
        how = f"version {model.version} ({model.effect}, {model.decision_mode})"
        yield Provision("model", "", name, f"{model.field} for {model.purpose} in {how}")
        if name in other.score_models:
            yield from (Provision("input", model.purpose, name, one) for one in model.inputs)
    yield from (Provision("joint", "", what=name) for name in document.policy.controller.joint_controllers)
    measures = document.policy.security_measures
    yield from (Provision("secure", "", what=f"{words.de} / {words.en}") for words in measures)


def _of_field(name: str, field: FieldPart) -> Iterator[Provision]:
    if field.event is not None:
        yield Provision("event", "", name, field.event)
    if field.obtained_from is not None:
        yield Provision("obtain", "", name, field.obtained_from)
    yield from (Provision("value", "", name, value) for value in field.values)
    yield from (Provision("derive", "", name, one) for one in field.derived_from)
