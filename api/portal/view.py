"""Turns a person's access package into what their page shows: words for codes, newest first, nothing left out quietly.

Legal: GDPR Art. 12(1), Art. 15(1); R-12.1-1, R-15.1-1.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api.portal.site import CALLER
from api.titles import Titles, day, instant
from api.words import Both, Language, say
from policies.documents import PolicyDocument
from policies.vocabulary import VALID_CONSENT, Category, EventKind, LegalBasis, Origin, ReviewState, Touchpoint
from registry.rights import RequestKind, RequestOverview, RequestState

MOST_EVENTS_SHOWN = 5
_LETTERS = frozenset({EventKind.REQUEST_WISH, EventKind.REQUEST_ANSWER})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INPUTS = {"email": "email", "phone": "tel", "birth_date": "date"}
_PAYLOAD = {
    "amount": Both("Betrag", "Amount"),
    "answers": Both("Antworten", "Answers"),
    "currency": Both("Währung", "Currency"),
    "event_id": Both("Nummer der Erklärung", "Number of the declaration"),
    "form": Both("Formular", "Form"),
    "instrument": Both("Fragebogen", "Questionnaire"),
    "number": Both("Nummer", "Number"),
    "parental_act": Both("Zustimmung der Eltern", "Consent of the parents"),
    "parental_email": Both("E-Mail-Adresse der Eltern", "E-mail address of the parents"),
    "parental_name": Both("Name der Eltern", "Name of the parents"),
    "parental_verification": Both("Wie geprüft", "How it was verified"),
    "quantity": Both("Anzahl", "Quantity"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One field with what is stored in it: a value, or events of which the newest are shown."""

    name: str
    title: str
    value: str
    events: Sequence[tuple[str, str]]
    unshown: int
    facts: Sequence[tuple[Both, str]]
    estimate: bool
    stale: bool
    contested: bool
    input: str
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Wished:
    """One request with what was asked for and answered."""

    overview: RequestOverview
    wish: Sequence[tuple[str, str]]
    answer: str

    @property
    def is_open(self) -> bool:
        """Whether its clock runs."""
        return self.overview.state is RequestState.RECEIVED


def categories(package: Mapping[str, Any], titles: Titles) -> list[tuple[str, list[Item]]]:
    """Stored values by category, in the order of the vocabulary."""
    contested = {one["field"] for one in package["restrictions"] if one["field"] and one["lifted_at"] is None}
    shown = [one for one in package["values"] if titles.policy.fields[one["field"]].event not in _LETTERS]
    found = []
    for category in Category:
        items = [_item(one, titles, contested) for one in shown if one["category"] == category]
        if items:
            found.append((say(Category, category, titles.language), items))
    return found


def consents(package: Mapping[str, Any], policy: PolicyDocument) -> list[dict[str, Any]]:
    """Every consent, valid ones first; an objection to advertising outranks those for advertising."""
    objected = advertising_objection(package) is not None
    advertising = {code for code, purpose in policy.purposes.items() if purpose.direct_marketing}
    listed = [
        {**one, "valid": one["state"] in VALID_CONSENT, "outranked": objected and one["purpose"] in advertising}
        for one in package["consents"]
    ]
    return sorted(listed, key=lambda one: not one["valid"])


def advertising_objection(package: Mapping[str, Any]) -> datetime | None:
    """Since when an objection to all advertising stands."""
    since = [one["since"] for one in package["objections"] if one["purpose"] is None]
    return min(since, default=None)


def accesses(package: Mapping[str, Any], titles: Titles, most: int) -> list[dict[str, Any]]:
    """A page of the list of accesses, newest first; `own` = the person's own visits."""
    own = titles.policy.clients[CALLER.client].title.de if CALLER.client in titles.policy.clients else ""
    return [{**one, "own": one["recipient"] == own} for one in package["accesses"][:most]]


def purposes(package: Mapping[str, Any], titles: Titles) -> list[tuple[str, str, str]]:
    """What the data is used for: purpose, legal bases, fields."""
    return [
        (
            titles.purpose(one["purpose"]),
            ", ".join(say(LegalBasis, basis, titles.language) for basis in one["bases"]),
            titles.fields(one["fields"]),
        )
        for one in package["purposes"]
    ]


def requests(package: Mapping[str, Any], titles: Titles, overviews: Sequence[RequestOverview]) -> list[Wished]:
    """Requests, newest first, with the letters that were written in them."""
    wishes = _letters(package, titles.policy, EventKind.REQUEST_WISH)
    answers = _letters(package, titles.policy, EventKind.REQUEST_ANSWER)
    return [
        Wished(
            one,
            [
                (titles.field(name), titles.value(name, value) or _value(value, titles))
                for name, value in wishes.get(one.request_id, {}).get("values", {}).items()
            ]
            + _statement(wishes.get(one.request_id, {}), titles),
            str(answers.get(one.request_id, {}).get(titles.language.value, "")),
        )
        for one in sorted(overviews, key=lambda one: one.received_at, reverse=True)
    ]


def _statement(wish: Mapping[str, Any], titles: Titles) -> list[tuple[str, str]]:
    """What the person said to a machine's decision."""
    if "statement" not in wish:
        return []
    return [(titles.purpose(wish["purpose"]), wish["statement"])]


def erasure_asked(wished: Sequence[Wished]) -> RequestOverview | None:
    """A request for erasure that is not decided yet."""
    return next((one.overview for one in wished if one.is_open and one.overview.kind is RequestKind.ERASURE), None)


def contestable(package: Mapping[str, Any], titles: Titles) -> list[tuple[str, str]]:
    """Purposes under which machines may decide about the person with effect, and no review is open yet."""
    open_ones = {one["purpose"] for one in package["reviews"] if one["state"] == ReviewState.OPEN}
    reaching = {one["purpose"] for one in package["purposes"]} - open_ones
    declared = titles.policy.purposes
    return [
        (code, titles.purpose(code)) for code in declared if code in reaching and declared[code].significant_decision
    ]


def _letters(package: Mapping[str, Any], policy: PolicyDocument, kind: EventKind) -> dict[UUID, Mapping[str, Any]]:
    return {
        UUID(letter["request_id"]): letter
        for one in package["values"]
        if policy.fields[one["field"]].event is kind
        for letter in one["value"]
    }


def _item(one: Mapping[str, Any], titles: Titles, contested: set[str]) -> Item:
    name, value = one["field"], one["value"]
    events = sorted(value, key=lambda event: event["occurred_at"], reverse=True) if isinstance(value, list) else []
    declared = titles.policy.fields[name]
    correctable = declared.event is None and any(name in one.collectable for one in titles.policy.purposes.values())
    return Item(
        name=name,
        title=one["title"][titles.language.value],
        value="" if events else titles.value(name, value) or _value(value, titles),
        events=[_event(event, titles) for event in events[:MOST_EVENTS_SHOWN]],
        unshown=max(0, len(events) - MOST_EVENTS_SHOWN),
        facts=_facts(one, titles),
        estimate=one["estimate"],
        stale=one["stale_since"] is not None,
        contested=name in contested,
        input=_INPUTS.get(name, "text") if correctable else "",
        choices=titles.choices(name),
    )


def _facts(one: Mapping[str, Any], titles: Titles) -> list[tuple[Both, str]]:
    """Where a value came from, what for, and until when."""
    language = titles.language
    until = day(one["delete_after"], language) if one["delete_after"] else ""
    collected_for = ", ".join(titles.purpose(code) for code in _several(one["collected_for"]))
    said = [
        (Both("Herkunft", "Origin"), ", ".join(say(Origin, code, language) for code in _several(one["origin"]))),
        (
            Both("Quelle", "Source"),
            ", ".join(
                [say(Touchpoint, code, language) for code in _several(one["touchpoint"])]
                + [titles.client(code) for code in _several(one["source"])],
            ),
        ),
        (Both("Erhoben für", "Collected for"), collected_for),
        *_made(one["model"], language),
        (Both("Gespeichert bis", "Kept until"), until or titles.retention(one["field"])),
    ]
    return [(label, text) for label, text in said if text]


def _made(model: Mapping[str, Any] | None, language: Language) -> list[tuple[Both, str]]:
    """Which model made an estimate, and how, in plain words (Art. 15(1)(h))."""
    if model is None:
        return []
    title = model["title"][language.value] if model["title"] else model["model"]
    told = [(Both("Berechnet durch", "Worked out by"), f"{title} ({model['version']})")]
    if model["method"]:
        told.append((Both("So entsteht der Wert", "How it comes about"), model["method"][language.value]))
    return told


def _several(codes: str | Sequence[str]) -> Sequence[str]:
    return [codes] if isinstance(codes, str) else codes


def _event(event: Mapping[str, Any], titles: Titles) -> tuple[str, str]:
    parts = [
        f"{_PAYLOAD[key].in_(titles.language) if key in _PAYLOAD else key}: {_value(value, titles)}"
        for key, value in event.items()
        if key != "occurred_at"
    ]
    return instant(event["occurred_at"], titles.language), " · ".join(parts)


def _value(value: object, titles: Titles) -> str:
    """A value as it is stored; truth values and dates as people write them."""
    if isinstance(value, bool):
        return Both("ja", "yes").in_(titles.language) if value else Both("nein", "no").in_(titles.language)
    if isinstance(value, list):
        return ", ".join(_value(one, titles) for one in value)
    text = str(value)
    try:
        return day(date.fromisoformat(text), titles.language) if _DAY.fullmatch(text) else text
    except ValueError:
        return text
