"""The policy of `benchmarks.decide` for Cedar and Rego: the same questions from the same bare facts.

Both hold what the document says about two purposes: who may ask, which fields, the basis of each category and what it
rests on, which purposes' data may serve, ages, notices. Both get, at every call, the person as plain values: instants
as seconds, days as numbers. They judge: status; restrictions of everything, of a category, of a field; objections with
purpose, channel and state; contracts open at the instant; notices delivered that name the purpose; consents that were
withdrawn; age; and for each value its category, what it was collected for, and its last day.

Cedar can ask whether a set contains something and cannot go through its members. So relationships, objections, notices
and permissions stand in numbered places, two of each, and the policy speaks of each place. Neither language knows time
zones or calendar months: the last minute of a day in Germany and the month of majority are told as numbers.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import cedarpy
import regopy

from policies.deadlines import local_date
from policies.documents import PolicyDocument
from policies.facts import AccessRequest, Facts
from policies.rules.child import MAJORITY_YEARS, least_age
from policies.vocabulary import LegalBasis

Question = tuple[AccessRequest, Facts]
Answer = frozenset[str]
Answers = Callable[[int], Answer]
_PLACES = 2
_NEVER = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def told(request: AccessRequest, facts: Facts) -> dict[str, Any]:
    """One question and its person in plain values; nothing is judged here."""
    majority = facts.majority_month
    return {
        "client": request.client,
        "purpose": request.purpose,
        "fields": list(request.fields),
        "as_of": _seconds(facts.as_of),
        "today": local_date(facts.as_of).toordinal(),
        "month": _months(facts.as_of.date()),
        "status": str(facts.status),
        "majority": _months(majority) if majority else 0,
        "restrictions": [
            {"category": one.category or "*", "field": one.field or "*"} for one in facts.restrictions or ()
        ],
        "objections": [
            {"purpose": one.purpose or "*", "channel": str(one.channel), "state": str(one.state)}
            for one in facts.objections or ()
        ],
        "relationships": [
            {
                "kind": str(one.kind),
                "opened_at": _seconds(one.opened_at),
                "closed_at": _seconds(one.closed_at) if one.closed_at else _NEVER,
            }
            for one in facts.relationships or ()
        ],
        "notices": [
            {"notice": one.notice, "purposes": sorted(one.purposes), "delivered_at": _seconds(one.delivered_at)}
            for one in facts.notices or ()
        ],
        "permissions": [{"purpose": one.purpose, "state": str(one.state)} for one in facts.permissions or ()],
        "items": [
            {
                "field": one.field,
                "category": str(one.category),
                "collected_for": one.collected_for,
                "delete_after": one.delete_after.toordinal() if one.delete_after else _NEVER,
            }
            for one in facts.items or ()
        ],
    }


def purposes_told(document: PolicyDocument, names: Sequence[str], as_of: datetime) -> dict[str, dict[str, Any]]:
    """What the document says about purposes, as both languages take it."""
    found = {}
    for name in names:
        purpose = document.purposes[name]
        articles = {category: basis.article for category, basis in purpose.basis.items()}
        kinds = {kind for basis in purpose.basis.values() for kind in basis.rests_on}
        found[name] = {
            "fields": sorted(purpose.allowed),
            "contract": [str(one) for one, article in articles.items() if article is LegalBasis.CONTRACT],
            "interest": [str(one) for one, article in articles.items() if article is LegalBasis.LEGITIMATE_INTERESTS],
            "kinds": sorted(map(str, kinds)),
            "serving": sorted({name, *purpose.sources}),
            "marketing": purpose.direct_marketing,
            "objectionable": purpose.objection != "not_applicable",
            "while_restricted": purpose.while_restricted,
            "notice": purpose.notice or "",
            "months_less": (MAJORITY_YEARS - least_age(purpose)) * 12,
            "aged": least_age(purpose) > 0,
        }
        assert all(one.informed_from is None or one.informed_from <= as_of.date() for one in purpose.compatible_from)
        assert not purpose.look_back
    return found


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _months(day: date) -> int:
    return day.year * 12 + day.month


# ---- Cedar ------------------------------------------------------------------------------------------------------


def _places(text: str, joined: str) -> str:
    return f" {joined} ".join(f"({text.replace('#', str(number))})" for number in range(_PLACES))


CEDAR = f"""
permit (principal, action, resource)
  when {{ principal.purposes.contains(action) && action.fields.contains(context.item.field) }};
@id("NO_SUBJECT") forbid (principal, action, resource) unless {{ context.status == "active" }};
@id("RESTRICTED") forbid (principal, action, resource) when {{
  !action.while_restricted && (
    context.restrictions.contains({{category: "*", field: "*"}})
    || context.restrictions.contains({{category: resource.category, field: "*"}})
    || context.restrictions.contains({{category: "*", field: context.item.field}})
    || context.restrictions.contains({{category: resource.category, field: context.item.field}})) }};
@id("OBJECTION") forbid (principal, action, resource) when {{
  action.objectionable && ({
    _places(
        '''context has o# && (
    if action.marketing then context.o#.purpose == "*" || context.o#.purpose == context.purpose
    else context.o#.purpose == context.purpose && context.o#.state != "rejected")''',
        "||",
    )
}) }};
@id("NO_BASIS") forbid (principal, action, resource)
  unless {{ action.contract.contains(resource.category) || action.interest.contains(resource.category) }};
@id("NO_CONTRACT") forbid (principal, action, resource) when {{ action.contract.contains(resource.category) }}
  unless {{ {
    _places(
        '''context has r# && action.kinds.contains(context.r#.kind)
    && context.r#.opened_at <= context.as_of && context.as_of < context.r#.closed_at''',
        "||",
    )
} }};
@id("LI_NOT_INFORMED") forbid (principal, action, resource) when {{ action.interest.contains(resource.category) }}
  unless {{ {
    _places(
        '''context has n# && context.n#.notice == action.notice
    && context.n#.purposes.contains(context.purpose) && context.n#.delivered_at <= context.as_of''',
        "||",
    )
} }};
@id("WITHDRAWN") forbid (principal, action, resource) when {{
  action.interest.contains(resource.category) && ({
    _places(
        '''context has p# && context.p#.purpose == context.purpose
    && ["ConsentWithdrawn", "ConsentRevoked", "ConsentRefused", "ConsentInvalidated", "ConsentExpired"]
      .contains(context.p#.state)''',
        "||",
    )
}) }};
@id("MINOR") forbid (principal, action, resource) when {{
  action.aged && context.majority != 0 && context.month <= context.majority - action.months_less }};
@id("FAIL_CLOSED") forbid (principal, action, resource) unless {{ context.item.category == resource.category }};
@id("PURPOSE_INCOMPATIBLE") forbid (principal, action, resource)
  unless {{ action.serving.contains(context.item.collected_for) }};
@id("RETENTION_OVER") forbid (principal, action, resource) when {{ context.today > context.item.delete_after }};
"""


def cedar(
    document: PolicyDocument, purposes: dict[str, dict[str, Any]], inputs: Sequence[dict[str, Any]], *, parsed: bool
) -> Answers:
    """Cedar by way of cedarpy: one batch for the ten values, the person as context of each request."""
    actions = [
        {"uid": _uid("Action", name), "attrs": attributes, "parents": []} for name, attributes in purposes.items()
    ]
    clients = [
        {
            "uid": _uid("Client", code),
            "attrs": {"purposes": [{"__entity": _uid("Action", name)} for name in client.purposes]},
            "parents": [],
        }
        for code, client in document.clients.items()
    ]
    fields = [
        {"uid": _uid("Field", name), "attrs": {"category": field.category.value}, "parents": []}
        for name, field in document.fields.items()
    ]
    entities: list[dict[Any, Any]] = [*actions, *clients, *fields]
    policies = cedarpy.PolicySet.from_str(CEDAR) if parsed else CEDAR
    known = cedarpy.Entities.from_json_str(json.dumps(entities)) if parsed else entities
    singular = {"objections": "o", "relationships": "r", "notices": "n", "permissions": "p"}

    def answer(number: int) -> Answer:
        given = inputs[number]
        person = {
            name: given[name] for name in ("purpose", "as_of", "today", "month", "status", "majority", "restrictions")
        }
        for name, letter in singular.items():
            assert len(given[name]) <= _PLACES
            for place, one in enumerate(given[name]):
                person[f"{letter}{place}"] = one
        start = json.dumps(person)[:-1]  # the person once, and to each request its value
        asked = set(given["fields"])
        items = [one for one in given["items"] if one["field"] in asked]
        requests = [
            {
                "principal": f'Client::"{given["client"]}"',
                "action": f'Action::"{given["purpose"]}"',
                "resource": f'Field::"{one["field"]}"',
                "context": f'{start}, "item": {json.dumps(one)}}}',
            }
            for one in items
        ]
        results = cedarpy.is_authorized_batch(requests, policies, known)
        return frozenset(one["field"] for one, result in zip(items, results, strict=True) if result.allowed)

    return answer


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


# ---- Rego -------------------------------------------------------------------------------------------------------

REGO = """package decide
import rego.v1

purpose := data.purposes[input.purpose]

declared(field) if {
    input.purpose in data.clients[input.client]
    field in purpose.fields
}

covers(restriction, field) if {
    restriction.category in {"*", data.category[field]}
    restriction.field in {"*", field}
}

objected if {
    purpose.marketing
    some one in input.objections
    one.purpose in {"*", input.purpose}
}

objected if {
    purpose.objectionable
    not purpose.marketing
    some one in input.objections
    one.purpose == input.purpose
    one.state != "rejected"
}

contract if {
    some one in input.relationships
    one.kind in purpose.kinds
    one.opened_at <= input.as_of
    input.as_of < one.closed_at
}

informed if {
    some one in input.notices
    one.notice == purpose.notice
    input.purpose in one.purposes
    one.delivered_at <= input.as_of
}

withdrawn if {
    some one in input.permissions
    one.purpose == input.purpose
    one.state in {"ConsentWithdrawn", "ConsentRevoked", "ConsentRefused", "ConsentInvalidated", "ConsentExpired"}
}

young if {
    purpose.aged
    input.majority != 0
    input.month <= input.majority - purpose.months_less
}

reasons[field] contains "NO_SUBJECT" if { some field in input.fields; input.status != "active" }
reasons[field] contains "UNDECLARED" if { some field in input.fields; not declared(field) }
reasons[field] contains "RESTRICTED" if {
    some field in input.fields
    not purpose.while_restricted
    some one in input.restrictions
    covers(one, field)
}
reasons[field] contains "OBJECTION" if { some field in input.fields; objected }
reasons[field] contains "NO_CONTRACT" if {
    some field in input.fields
    data.category[field] in purpose.contract
    not contract
}
reasons[field] contains "LI_NOT_INFORMED" if {
    some field in input.fields
    data.category[field] in purpose.interest
    not informed
}
reasons[field] contains "WITHDRAWN" if {
    some field in input.fields
    data.category[field] in purpose.interest
    withdrawn
}
reasons[field] contains "MINOR" if { some field in input.fields; young }
reasons[item.field] contains "FAIL_CLOSED" if { some item in input.items; item.category != data.category[item.field] }
reasons[item.field] contains "PURPOSE_INCOMPATIBLE" if {
    some item in input.items
    not item.collected_for in purpose.serving
}
reasons[item.field] contains "RETENTION_OVER" if { some item in input.items; input.today > item.delete_after }

allowed := [field | some field in input.fields; not reasons[field]]
"""


def rego(document: PolicyDocument, purposes: dict[str, dict[str, Any]], inputs: Sequence[dict[str, Any]]) -> Answers:
    """Rego by way of regopy: one query for all fields, the person as input."""
    return ask_rego(REGO, document, purposes, inputs)


def ask_rego(module: str, document: PolicyDocument, purposes: object, inputs: Sequence[dict[str, Any]]) -> Answers:
    """The fields that `data.decide.allowed` of a module comes to, one input a question."""
    interpreter = regopy.Interpreter()
    interpreter.add_module("decide", module)
    interpreter.add_data(
        {
            "clients": {code: list(client.purposes) for code, client in document.clients.items()},
            "purposes": purposes,
            "category": {name: declared.category.value for name, declared in document.fields.items()},
        },
    )

    def answer(number: int) -> Answer:
        interpreter.set_input(regopy.Input(inputs[number]))
        found = json.loads(str(interpreter.query("x := data.decide.allowed")))
        return frozenset(found["bindings"]["x"] if "bindings" in found else found[0]["bindings"]["x"])

    return answer
