"""What another policy document would change, in words, each line marked WIDENS, NARROWS or REWORDS.

A document grants and binds (`policies.provisions`: who may read which field for which purpose, by which channel people
are contacted, who receives data) and sets measures (`policies.measures`: how far back, how long, from which age, on
which basis). A grant more, a bond less or a measure less strict widens; the other way narrows. So the difference from B
to A says NARROWS wherever A to B says WIDENS. Every part that differs and is told by none of them is told as reworded
(`policies.differences`): there is no difference only where two documents say the same.

A purpose is compared whatever its state: what changes while it is switched off would otherwise come into force unseen.

Legal: GDPR Art. 5(1)(b), (2), 6(4), 7(1), 13(3); R-5.1b-2, R-6.1-2.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from policies import provisions
from policies.declared import PolicyDocument
from policies.differences import differences
from policies.findings import Path
from policies.measures import (
    Key,
    Measure,
    Measured,
    measures_of_disclosure,
    measures_of_field,
    measures_of_purpose,
    measures_of_recipient,
    of_basis,
    of_look_back,
)
from policies.provisions import KINDS, Provision, places_of

Direction: TypeAlias = Literal["WIDENS", "NARROWS", "REWORDS"]


class Change(NamedTuple):
    """One difference; `purpose` is empty where it is about none; `subject` is who or what it is about."""

    direction: Direction
    purpose: str
    kind: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.direction} {self.sentence}"


_Told: TypeAlias = tuple[Change, tuple[Path, ...]]

# Consent covers who is responsible, purposes, categories and recipients. Not: who asks in the house, which system of a
# recipient does (that the recipient is one is in "receive"), how many a day, in which state, and on which papers. Which
# declarations count is told by a gate of its own.
_OUTSIDE_CONSENT = frozenset(
    {"ask", "act", "system", "bound", "subjects_per_day", "state", "lia", "dpia", "transfer_until", "consent_texts"}
)
_STATES = frozenset({"purpose", "observed", "draft", "state"})


def compare(before: PolicyDocument, after: PolicyDocument) -> tuple[Change, ...]:
    """Every difference between two documents; () only where they say the same.

    Args:
        before: the document in force.
        after: the one that would replace it.

    Returns:
        The changes: purposes in the order of the alphabet, what widens first.
    """
    told = [*_granted(provisions.of_state(before, after), provisions.of_state(after, before))]
    told += _granted(provisions.of_access(before), provisions.of_access(after))
    told += _granted(provisions.of_holdings(before, after), provisions.of_holdings(after, before))
    for name in _touched(before, after):
        idle = not after.purposes[name].in_force
        told += ((_while_idle(change), at) if idle else (change, at) for change, at in _of_purpose(name, before, after))
    told += _measured(_of_holdings(before), _of_holdings(after))
    changes = {change for change, _ in told}
    changes.update(_reworded(before, after, {place for _, places in told for place in places}))
    return tuple(sorted(changes, key=_order))


def scope_of_consent(before: PolicyDocument, after: PolicyDocument, purpose: str) -> tuple[Change, ...]:
    """What a purpose may do that its consent text did not name, whatever its state was or is.

    Args:
        before: the document in force.
        after: the one that would replace it.
        purpose: which purpose; one that `before` does not have had no scope, so everything it may do is new.

    Returns:
        The changes that widen; () for a purpose that `after` does not have.
    """
    if purpose not in after.purposes:
        return ()
    told = [*_of_purpose(purpose, before, after)]
    told += _granted(provisions.of_holdings(before, after), provisions.of_holdings(after, before))
    found = {
        change
        for change, _ in told
        if change.direction == "WIDENS"
        and (change.purpose == purpose or change.kind == "joint")
        and change.kind not in _OUTSIDE_CONSENT
    }
    return tuple(sorted(found, key=_order))


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


def _touched(before: PolicyDocument, after: PolicyDocument) -> Iterator[str]:
    """The purposes of both documents that can have changed, by themselves or by what they use."""
    shared = any(getattr(before, part) != getattr(after, part) for part in ("clients", "recipients", "fields"))
    for name in before.purposes.keys() & after.purposes.keys():
        if shared or before.purposes[name] != after.purposes[name]:
            yield name


def _of_purpose(name: str, before: PolicyDocument, after: PolicyDocument) -> Iterator[_Told]:
    """What changes for one purpose; of one that only the new document has, all that it may do."""
    yield from _granted(provisions.of_purpose(name, before, after), provisions.of_purpose(name, after, before))
    yield from _measured(_measures(name, before, after), _measures(name, after, before))


def _granted(before: Iterable[Provision], after: Iterable[Provision]) -> Iterator[_Told]:
    old, new = frozenset(before), frozenset(after)
    for provision in old ^ new:
        kind, came = KINDS[provision.kind], provision in new
        direction: Direction = "WIDENS" if came is not kind.binds else "NARROWS"
        subject = ".".join(part for part in (provision.who, provision.what) if part)
        sentence = _line(_in_words(provision, kind.added if came else kind.gone))
        yield Change(direction, provision.purpose, provision.kind, subject, sentence), (*places_of(provision),)


def _in_words(provision: Provision, words: str) -> str:
    who = f"{provision.who}." if provision.kind == "read" and provision.who else provision.who
    what = provision.what
    return words.format(purpose=provision.purpose, who=who, what=what, words=what.replace("_", " "))


def _line(words: str) -> str:
    """Whatever a document writes, a change is one line: no text in it can pass for another change."""
    return "".join(one if one.isprintable() else " " for one in words)


def _while_idle(change: Change) -> Change:
    if change.kind in _STATES:
        return change
    return change._replace(sentence=f"{change.sentence}, while it is not in force")


def _measured(before: Iterable[Measured], after: Iterable[Measured]) -> Iterator[_Told]:
    old, new = ({key: (measure, at) for key, measure, at in measures} for measures in (before, after))
    for key in old.keys() & new.keys():
        (was, there), (now, here) = old[key], new[key]
        if was.width != now.width:
            direction: Direction = "WIDENS" if now.width > was.width else "NARROWS"
            subject = " ".join(part for part in (key.purpose, key.what) if part)
            words = f"{subject}: {key.kind.replace('_', ' ')} is now {now.shown} instead of {was.shown}"
            yield Change(direction, key.purpose, key.kind, key.what, _line(words)), (*there, *here)


def _measures(name: str, document: PolicyDocument, other: PolicyDocument) -> Iterator[Measured]:
    purpose, known = document.purposes.get(name), other.purposes.get(name)
    if purpose is None or known is None:
        return
    # A switch on or off is told as such.
    switched = purpose.in_force is not known.in_force
    yield from (one for one in measures_of_purpose(name, purpose) if not (switched and one[0].kind == "state"))
    for code, recipient in provisions.recipients_of(name, document).items():
        yield from measures_of_disclosure(name, code, recipient)
    for code, client in document.clients.items():
        if name in client.purposes:
            limit = Measure.of_limit(document.subjects_per_day(code, name))
            own = name in client.budget
            place = ("clients", code, "budget", name) if own else ("purposes", name, "budget")
            yield Key(name, "subjects_per_day", code), limit, (place,)
    yield from _moved(name, document, other)


def _moved(name: str, document: PolicyDocument, other: PolicyDocument) -> Iterator[Measured]:
    """A field that moves to another category comes under its basis and its window."""
    purpose = document.purposes[name]
    for field in purpose.allowed & document.fields.keys() & other.fields.keys():
        category = document.fields[field].category
        if category != other.fields[field].category:
            if category in purpose.basis:
                yield Key(name, "basis", field), of_basis(purpose.basis[category]), ()
            yield Key(name, "look_back", field), of_look_back(purpose, category), ()


def _of_holdings(document: PolicyDocument) -> Iterator[Measured]:
    for name, field in document.fields.items():
        yield from measures_of_field(name, field, document.retention)
    for code, recipient in document.recipients.items():
        yield from measures_of_recipient(code, recipient)


def _reworded(before: PolicyDocument, after: PolicyDocument, places: set[Path]) -> Iterator[Change]:
    """What differs and stands in none of the places that were told, nor has one of them in it."""
    around = {place[:length] for place in places for length in range(len(place))}
    for one in differences(before, after):
        within = any(one.path[:length] in places for length in range(1, len(one.path) + 1))
        if not within and one.path not in around:
            yield Change("REWORDS", one.purpose, one.path[-1], one.subject, _line(str(one)))
