"""What another policy document would change, in words, each line marked WIDENS, NARROWS or REWORDS.

A document grants powers (who may read which field for which purpose, by which channel people are contacted, who
receives data) and sets measures (how far back, how long, from which age, on which basis). A power more or a measure
less strict widens; the other way narrows. So the difference from B to A says NARROWS wherever A to B says WIDENS.

Legal: GDPR Art. 5(1)(b), (2), 6(4), 7(1), 13(3); R-5.1b-2, R-6.1-2.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from policies.declared import PolicyDocument
from policies.measures import Key, Measure, measures_of_field, measures_of_purpose
from policies.purposes import Purpose

Direction: TypeAlias = Literal["WIDENS", "NARROWS", "REWORDS"]


class Change(NamedTuple):
    """One difference; `purpose` is empty where it is about a field as such; `subject` is who or what it is about."""

    direction: Direction
    purpose: str
    kind: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.direction} {self.sentence}"


class _Power(NamedTuple):
    kind: str
    purpose: str
    who: str
    what: str


# What is gained and what is lost, by kind of power.
_SENTENCES = {
    "purpose": ("{purpose} is put in force", "{purpose} is no longer in force"),
    "ask": ("{who} may now ask for {purpose}", "{who} may no longer ask for {purpose}"),
    "read": ("{who}{purpose} may now also read {what}", "{who}{purpose} may no longer read {what}"),
    "collect": ("{purpose} may now also collect {what}", "{purpose} may no longer collect {what}"),
    "contact": ("{purpose} may now also contact by {what}", "{purpose} may no longer contact by {what}"),
    "receive": ("{purpose} now also discloses to {what}", "{purpose} no longer discloses to {what}"),
    "source": ("{purpose} may now also use what {what} collected", "{purpose} may no longer use what {what} collected"),
    "rest": ("{purpose} may now also rest on a {what}", "{purpose} may no longer rest on a {what}"),
    "field": ("{what} may now be kept", "{what} may no longer be kept"),
    "model": ("{who} may now write {what}", "{who} may no longer write {what}"),
    "role": ("role {who} may now act for {purpose}", "role {who} may no longer act for {purpose}"),
}
# Who may ask inside the house and how many a day is no matter of what people consented to.
_OUTSIDE_CONSENT = frozenset({"ask", "role", "subjects_per_day"})


def compare(before: PolicyDocument, after: PolicyDocument) -> tuple[Change, ...]:
    """Every difference between two documents that changes what happens to data, and every reworded title.

    Args:
        before: the document in force.
        after: the one that would replace it.

    Returns:
        The changes: purposes in the order of the alphabet, what widens first.
    """
    old, new = _powers(before, after), _powers(after, before)
    changes = [_said(power, "WIDENS") for power in new - old]
    changes += [_said(power, "NARROWS") for power in old - new]
    changes += _remeasured(before, after)
    changes += _reworded(before, after)
    return tuple(sorted(set(changes), key=_order))


def scope_of_consent(before: PolicyDocument, after: PolicyDocument, purpose: str) -> tuple[Change, ...]:
    """What a purpose may do that its consent text did not name; () for a purpose that was not in force before."""
    if not _runs(before, purpose):
        return ()
    return tuple(
        change
        for change in compare(before, after)
        if change.purpose == purpose and change.direction == "WIDENS" and change.kind not in _OUTSIDE_CONSENT
    )


def told(changes: tuple[Change, ...], customers: Mapping[tuple[str, str], tuple[int, int]] | None = None) -> str:
    """The changes as text, one a line.

    Args:
        changes: what `compare` found.
        customers: where the registry counted them, the customers gained and lost by (purpose, field), and by
            (purpose, "") for the purpose as a whole; who is in neither gains and loses nobody.
    """
    lines = [f"{change}{_counted(change, customers)}" for change in changes]
    return "\n".join(lines) or "no difference"


def _counted(change: Change, customers: Mapping[tuple[str, str], tuple[int, int]] | None) -> str:
    """A line about no purpose reaches nobody by itself, and other words reach nobody else."""
    if customers is None or not change.purpose or change.direction == "REWORDS":
        return ""
    field = change.subject.rpartition(".")[2] if change.kind == "read" else ""
    gained, lost = customers.get((change.purpose, field), (0, 0))
    return f" ({gained} customers gained, {lost} lost)"


def _order(change: Change) -> tuple[str, int, str]:
    return change.purpose, ("WIDENS", "NARROWS", "REWORDS").index(change.direction), change.sentence


def _runs(document: PolicyDocument, purpose: str) -> bool:
    return purpose in document.purposes and document.purposes[purpose].in_force


def _powers(document: PolicyDocument, other: PolicyDocument) -> frozenset[_Power]:
    """The powers a document grants; those of a purpose that is in force in one document alone are one power."""
    powers = {_Power("field", "", "", name) for name in document.fields}
    powers |= {
        _Power("model", "", f"score model {name} {model.version} ({model.effect}, {model.decision_mode})", model.field)
        for name, model in document.score_models.items()
    }
    for name, purpose in document.in_force():
        powers.add(_Power("purpose", name, "", ""))
        if _runs(other, name):
            powers |= set(_powers_of(name, purpose, document, other))
    return frozenset(powers)


def _powers_of(name: str, purpose: Purpose, document: PolicyDocument, other: PolicyDocument) -> Iterator[_Power]:
    asking = [code for code, client in document.clients.items() if name in client.purposes]
    yield from (_Power("ask", name, code, "") for code in asking)
    yield from (_Power("role", name, code, "") for code, role in document.roles.items() if name in role.purposes)
    # A client that is new to the purpose is one line, not one for each field.
    both = [code for code in asking if code in other.clients and name in other.clients[code].purposes]
    for field in purpose.allowed:
        for code in both or [""]:
            yield _Power("read", name, code, field)
    yield from (_Power("collect", name, "", field) for field in purpose.collectable - purpose.allowed)
    yield from (_Power("contact", name, "", channel) for channel in purpose.channels)
    yield from (_Power("receive", name, "", recipient) for recipient in purpose.recipients)
    yield from (_Power("source", name, "", source) for source in purpose.sources)
    for category, basis in purpose.basis.items():
        yield from (_Power("rest", name, "", f"{kind} for {category}") for kind in basis.rests_on)


def _said(power: _Power, direction: Direction) -> Change:
    gained, lost = _SENTENCES[power.kind]
    who = f"{power.who}." if power.kind == "read" and power.who else power.who
    words = (gained if direction == "WIDENS" else lost).format(purpose=power.purpose, who=who, what=power.what)
    subject = ".".join(part for part in (power.who, power.what) if part)
    return Change(direction, power.purpose, power.kind, subject, words)


def _remeasured(before: PolicyDocument, after: PolicyDocument) -> Iterator[Change]:
    old, new = _measures(before, after), _measures(after, before)
    for key in old.keys() & new.keys():
        was, now = old[key], new[key]
        if was.width != now.width:
            direction: Direction = "WIDENS" if now.width > was.width else "NARROWS"
            subject = " ".join(part for part in (key.purpose, key.what) if part)
            words = f"{subject}: {key.kind.replace('_', ' ')} is now {now.shown} instead of {was.shown}"
            yield Change(direction, key.purpose, key.kind, key.what, words)


def _measures(document: PolicyDocument, other: PolicyDocument) -> Mapping[Key, Measure]:
    found: dict[Key, Measure] = {}
    for name, purpose in document.in_force():
        if _runs(other, name):
            found.update(measures_of_purpose(name, purpose))
            for code, client in document.clients.items():
                if name in client.purposes:
                    limit = document.subjects_per_day(code, name)
                    found[Key(name, "subjects_per_day", code)] = Measure.of_limit(limit)
    for name, field in document.fields.items():
        found.update(measures_of_field(name, field, document.retention))
    return found


def _reworded(before: PolicyDocument, after: PolicyDocument) -> Iterator[Change]:
    for name in before.purposes.keys() & after.purposes.keys():
        if before.purposes[name].title != after.purposes[name].title:
            yield Change("REWORDS", name, "title", "", f"{name} has another title")
        if before.purposes[name].notice != after.purposes[name].notice:
            yield Change("REWORDS", name, "notice", "", f"{name} names another notice")
    if before.policy.controller != after.policy.controller:
        yield Change("REWORDS", "", "controller", "", "the controller is described in other words")
