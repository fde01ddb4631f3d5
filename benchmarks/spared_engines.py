"""The same engines spared all work on facts: each is told what our rules found, worked out beforehand and not counted.

What is left to them is to look up who may ask for what, and to join findings. No system has these findings for nothing;
the row shows what the join alone costs.
"""

import json
from collections.abc import Sequence
from typing import Any

import cedarpy

from benchmarks.other_engines import Answer, Answers, ask_rego
from policies.documents import PolicyDocument
from policies.facts import AccessRequest, Facts
from policies.rules import child, lawful_basis, lookback, objection, purpose_limitation, restriction
from policies.vocabulary import FieldName


def prepared(document: PolicyDocument, request: AccessRequest, facts: Facts) -> dict[str, Any]:
    """What the other engines are told instead of facts: the findings of the product's own rules."""
    purpose = document.purposes[request.purpose]
    serving = purpose_limitation.sources(request.purpose, purpose, facts.as_of)
    blocked = set()
    for item in facts.items or ():
        if purpose_limitation.check_items(purpose, [item], serving) or lookback.check_items(
            purpose, [item], facts.as_of
        ):
            blocked.add(item.field)
    return {
        "client": request.client,
        "purpose": request.purpose,
        "fields": list(request.fields),
        "objected": bool(objection.check_person(request, purpose, facts)),
        "young": bool(child.check_person(request, purpose, facts)),
        "based": sorted(
            category.value
            for category, basis in purpose.basis.items()
            if not lawful_basis.check_basis(request, purpose, basis, facts)
        ),
        "restricted": sorted(
            name
            for name in request.fields
            if restriction.check_field(
                request, purpose, None, facts, [(document.fields[name].category, FieldName(name))]
            )
        ),
        "blocked": sorted(blocked),
    }


_CEDAR = """
permit (principal, action, resource)
 when { principal.purposes.contains(action) && resource.purposes.contains(action) };
@id("RESTRICTED") forbid (principal, action, resource) when { context.restricted.contains(resource.name) };
@id("OBJECTION") forbid (principal, action, resource) when { context.objected };
@id("NO_BASIS") forbid (principal, action, resource) unless { context.based.contains(resource.category) };
@id("MINOR") forbid (principal, action, resource) when { context.young };
@id("BLOCKED") forbid (principal, action, resource) when { context.blocked.contains(resource.name) };
"""


def spared_cedar(document: PolicyDocument, inputs: Sequence[dict[str, Any]], *, parsed: bool) -> Answers:
    """Cedar over findings."""

    def action(name: str) -> dict[str, Any]:
        return {"__entity": {"type": "Action", "id": name}}

    entities = [
        {
            "uid": {"type": "Client", "id": code},
            "attrs": {"purposes": [action(name) for name in client.purposes]},
            "parents": [],
        }
        for code, client in document.clients.items()
    ] + [
        {
            "uid": {"type": "Field", "id": name},
            "attrs": {
                "name": name,
                "category": declared.category.value,
                "purposes": [action(id_) for id_, purpose in document.purposes.items() if name in purpose.allowed],
            },
            "parents": [],
        }
        for name, declared in document.fields.items()
    ]
    policies = cedarpy.PolicySet.from_str(_CEDAR) if parsed else _CEDAR
    known = cedarpy.Entities.from_json_str(json.dumps(entities)) if parsed else entities
    names = ("restricted", "objected", "based", "young", "blocked")

    def answer(number: int) -> Answer:
        given = inputs[number]
        context = {name: given[name] for name in names}
        fields: list[str] = given["fields"]
        requests = [
            {
                "principal": f'Client::"{given["client"]}"',
                "action": f'Action::"{given["purpose"]}"',
                "resource": f'Field::"{name}"',
                "context": context,
            }
            for name in fields
        ]
        results = cedarpy.is_authorized_batch(requests, policies, known)
        return frozenset(name for name, result in zip(fields, results, strict=True) if result.allowed)

    return answer


_REGO = """package decide
import rego.v1

declared(field) if {
    input.purpose in data.clients[input.client]
    field in data.purposes[input.purpose]
}

reasons[field] contains "UNDECLARED" if { some field in input.fields; not declared(field) }
reasons[field] contains "RESTRICTED" if { some field in input.fields; field in input.restricted }
reasons[field] contains "OBJECTION" if { some field in input.fields; input.objected }
reasons[field] contains "NO_BASIS" if { some field in input.fields; not data.category[field] in input.based }
reasons[field] contains "MINOR" if { some field in input.fields; input.young }
reasons[field] contains "BLOCKED" if { some field in input.fields; field in input.blocked }

allowed := [field | some field in input.fields; not reasons[field]]
"""


def spared_rego(document: PolicyDocument, inputs: Sequence[dict[str, Any]]) -> Answers:
    """Rego over findings."""
    purposes = {name: sorted(purpose.allowed) for name, purpose in document.purposes.items()}
    return ask_rego(_REGO, document, purposes, inputs)
