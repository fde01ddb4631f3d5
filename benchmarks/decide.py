"""Decisions about ten fields a second, in this process, against two general policy engines.

Method: 2,000 questions by one client for one purpose about ten fields each; most people are in order, the others are
not, in one of many ways. Ours answers with the rules of the product from bare facts: who may ask, restriction,
objection, basis, age, purpose limitation, look-back, retention, with every reason. cedarpy and Rego (regopy) hold an
equivalent policy over the same document. They are spared the work on facts: each gets as input what our rules found
(which categories have a basis, which fields are restricted, which values may serve), worked out beforehand and not
counted. Each is used in the best way it offers: policies and entities parsed once, cedarpy with one batch call for the
ten fields. cedarpy with its policies as text at every call, as its examples have it, is shown too.

Each engine answers all 2,000 questions (cedarpy as text only some of them); a run counts only if the permitted fields
are identical, question by question. Then rounds are interleaved (one engine after the other, again and again), a slow
engine with fewer questions. The figures are medians of processor time over the rounds, the ratio is within each round.
The interpreter's collector is off while measuring.

    script/bench decide [--rounds 7]
"""

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import cedarpy
import regopy

from policies.compiled import compiled
from policies.decision import Deny, Permit
from policies.documents import PolicyDocument, load
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Delivery, Facts, Item, Objection, Permission, Relationship, Restriction
from policies.rules import child, lawful_basis, lookback, objection, purpose_limitation, restriction
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    FieldName,
    ObjectionState,
    Origin,
    PurposeId,
    RelationshipKind,
    SubjectId,
    SubjectKind,
    SubjectStatus,
)

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = 2000
_AS_TEXT = "cedarpy, as text"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CLIENT, PURPOSE = ClientCode("shop"), PurposeId("order_fulfilment")
FIELDS = ("first_name", "last_name", "email", "phone", "street", "postcode", "city", "country", "purchases", "invoices")

Question = tuple[AccessRequest, Facts]
Answer = frozenset[str]


@dataclass(slots=True)
class Engine:
    """One way to answer, how many questions a round asks it, and what was measured."""

    name: str
    answer: Callable[[int], Answer]
    slice: int
    rates: list[float] = field(default_factory=list)


def main() -> None:
    """Check that all agree, measure, and print a table with ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    document = load(ROOT / "policies" / "catalogues" / "retailer.yaml")
    questions = _questions(document)
    inputs = [_prepared(document, request, facts) for request, facts in questions]
    engines = [
        Engine("ours", _ours(document, questions), QUESTIONS),
        Engine("cedarpy, parsed once", _cedar(document, inputs, parsed=True), 200),
        Engine(_AS_TEXT, _cedar(document, inputs, parsed=False), 20),
        Engine("Rego (regopy)", _rego(document, inputs), 50),
    ]
    _agree(engines)
    gc.disable()
    for number in range(options.rounds + 1):
        for engine in engines:
            _round(engine, keep=number > 0)
    _report(engines, options.rounds)


def _questions(document: PolicyDocument) -> list[Question]:
    chance = random.Random(11)
    request = AccessRequest(CLIENT, PURPOSE, tuple(FieldName(name) for name in FIELDS))
    return [(request, _person(document, chance)) for _ in range(QUESTIONS)]


def _person(document: PolicyDocument, chance: random.Random) -> Facts:
    def item(name: str) -> Item:
        odd = chance.random() < 0.03
        collected_for = PurposeId("recommendations") if odd else PURPOSE
        ends = date(2026, 11, 20) if chance.random() < 0.02 else None
        at = NOW - timedelta(days=chance.randrange(1, 900))
        return Item(uuid4(), FieldName(name), document.fields[name].category, collected_for, Origin.PROVIDED, at, ends)

    facts = Facts(
        subject_id=SubjectId(UUID(int=chance.getrandbits(128), version=4)),
        as_of=NOW,
        status=SubjectStatus.ACTIVE,
        kind=SubjectKind.PERSON,
        majority_month=date(2001, 5, 1),
        permissions=tuple(
            Permission(PurposeId("newsletter"), channel, ConsentState.GIVEN, NOW - timedelta(days=90))
            for channel in (Channel.EMAIL, Channel.ANY)
        ),
        objections=(),
        restrictions=(),
        relationships=(Relationship(RelationshipKind.CONTRACT, NOW - timedelta(days=200), None),),
        notices=(Delivery("privacy_notice", "1", frozenset({PURPOSE}), NOW - timedelta(days=200)),),
        items=tuple(item(name) for name in FIELDS),
    )
    match chance.randrange(12):
        case 0:
            return replace(facts, relationships=())
        case 1:
            names = [None, FieldName("street"), FieldName("email")]
            return replace(facts, restrictions=(Restriction(Category.MASTER, chance.choice(names), NOW),))
        case 2:
            against = Objection(True, None, Channel.ANY, ObjectionState.OPEN, NOW)
            return replace(facts, objections=(against,))
        case 3:
            return replace(facts, relationships=(Relationship(RelationshipKind.CONTRACT, NOW, NOW),))
        case _:
            return facts


def _prepared(document: PolicyDocument, request: AccessRequest, facts: Facts) -> dict[str, object]:
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
        "young": bool(child.check_person(purpose, facts)),
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


def _ours(document: PolicyDocument, questions: list[Question]) -> Callable[[int], Answer]:
    compiled(document)

    def answer(number: int) -> Answer:
        decision: Permit | Deny = evaluate(questions[number][0], document, questions[number][1])
        return frozenset(decision.fields) if isinstance(decision, Permit) else frozenset()

    return answer


_CEDAR = """
permit (principal, action, resource)
 when { principal.purposes.contains(action) && resource.purposes.contains(action) };
@id("RESTRICTED") forbid (principal, action, resource) when { context.restricted.contains(resource.name) };
@id("OBJECTION") forbid (principal, action, resource) when { context.objected };
@id("NO_BASIS") forbid (principal, action, resource) unless { context.based.contains(resource.category) };
@id("MINOR") forbid (principal, action, resource) when { context.young };
@id("BLOCKED") forbid (principal, action, resource) when { context.blocked.contains(resource.name) };
"""


def _cedar(document: PolicyDocument, inputs: Sequence[dict[str, object]], *, parsed: bool) -> Callable[[int], Answer]:
    def action(name: str) -> dict[str, object]:
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
        fields: list[str] = given["fields"]  # type: ignore[assignment]  # as prepared
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


def _rego(document: PolicyDocument, inputs: Sequence[dict[str, object]]) -> Callable[[int], Answer]:
    interpreter = regopy.Interpreter()
    interpreter.add_module("decide", _REGO)
    interpreter.add_data(
        {
            "clients": {code: list(client.purposes) for code, client in document.clients.items()},
            "purposes": {name: sorted(purpose.allowed) for name, purpose in document.purposes.items()},
            "category": {name: declared.category.value for name, declared in document.fields.items()},
        },
    )

    def answer(number: int) -> Answer:
        interpreter.set_input(regopy.Input(inputs[number]))
        found = json.loads(str(interpreter.query("x := data.decide.allowed")))
        return frozenset(found["bindings"]["x"] if "bindings" in found else found[0]["bindings"]["x"])

    return answer


def _agree(engines: list[Engine]) -> None:
    """Every engine answers all questions alike; the same policies as text are not asked all of them again."""
    ours = [engines[0].answer(number) for number in range(QUESTIONS)]
    permitted = sum(bool(answer) for answer in ours)
    assert 0.1 * QUESTIONS < permitted < 0.95 * QUESTIONS
    for engine in engines[1:]:
        for number in range(engine.slice if engine.name == _AS_TEXT else QUESTIONS):
            assert engine.answer(number) == ours[number], f"{engine.name} disagrees on question {number}"
    print(
        f"{QUESTIONS} questions about {len(FIELDS)} fields, {permitted} permitted in part or whole; all engines agree"
    )


def _round(engine: Engine, *, keep: bool) -> None:
    began = time.process_time()
    for number in range(engine.slice):
        engine.answer(number)
    spent = time.process_time() - began
    if keep:
        engine.rates.append(engine.slice / spent)


def _report(engines: list[Engine], rounds: int) -> None:
    ours = engines[0]
    print(f"{'engine':<22}{'decisions/s':>13}{'µs each':>10}{'ours is':>12}   medians of {rounds} rounds")
    for engine in engines:
        rate = statistics.median(engine.rates)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(ours.rates, engine.rates, strict=True))
        print(f"{engine.name:<22}{rate:>13.0f}{1e6 / rate:>10.1f}{ratio:>10.1f} x")


if __name__ == "__main__":
    main()
