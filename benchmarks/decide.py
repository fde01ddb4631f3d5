"""Decisions about ten fields a second, in this process, against two general policy engines.

Method: 2,000 questions by two clients for two purposes, a contract and an assessed interest, about ten fields each;
most people are in order, the others are not, in one of many ways. Ours answers with all rules of the product and every
reason. cedarpy and Rego (regopy) hold an equivalent policy over the same document and judge the same bare facts
(`benchmarks.other_engines`); facts are another person's at each call, so handing them over is part of the work, as it
is of ours. Ids of rows are of the type that PostgreSQL's driver makes. In the rows *spared* the other engines are told
what our rules found and only join it (`benchmarks.spared_engines`). Each is used in the best way it offers: policies
and entities parsed once, cedarpy with one batch call for the ten fields. cedarpy with its policies as text at every
call, as its examples have it, is shown too.

Each engine answers all 2,000 questions (cedarpy as text only some of them); a run counts only if the permitted fields
are identical, question by question. Then rounds are interleaved (one engine after the other, again and again), a slow
engine with fewer questions. The figures are medians of processor time over the rounds, the ratio is within each round.
The interpreter's collector is off while measuring.

    script/bench decide [--rounds 7]
"""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from asyncpg.pgproto.pgproto import UUID as RowId  # noqa: N811 - what it is here

from benchmarks.other_engines import Answer, Question, cedar, purposes_told, rego, told
from benchmarks.spared_engines import prepared, spared_cedar, spared_rego
from policies.compiled import compiled
from policies.decision import Deny, Permit
from policies.documents import PolicyDocument, load
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Delivery, Facts, Item, Objection, Permission, Relationship, Restriction
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
ORDERS, LETTERS = PurposeId("order_fulfilment"), PurposeId("postal_advertising")
FIELDS = ("first_name", "last_name", "email", "phone", "street", "postcode", "city", "country", "purchases", "invoices")


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
    purposes = purposes_told(document, (ORDERS, LETTERS), NOW)
    bare = [told(request, facts) for request, facts in questions]
    found = [prepared(document, request, facts) for request, facts in questions]
    engines = [
        Engine("ours", _ours(document, questions), QUESTIONS),
        Engine("cedarpy, parsed once", cedar(document, purposes, bare, parsed=True), 100),
        Engine(_AS_TEXT, cedar(document, purposes, bare, parsed=False), 20),
        Engine("Rego (regopy)", rego(document, purposes, bare), 20),
        Engine("spared cedarpy", spared_cedar(document, found, parsed=True), 200),
        Engine("spared Rego", spared_rego(document, found), 20),
    ]
    _agree(engines)
    gc.disable()
    for number in range(options.rounds + 1):
        for engine in engines:
            _round(engine, keep=number > 0)
    _report(engines, options.rounds)


def _questions(document: PolicyDocument) -> list[Question]:
    chance = random.Random(11)
    fields = tuple(FieldName(name) for name in FIELDS)
    orders = AccessRequest(ClientCode("shop"), ORDERS, fields)
    letters = AccessRequest(ClientCode("post_house"), LETTERS, fields)
    return [(letters if number % 4 == 3 else orders, _person(document, chance)) for number in range(QUESTIONS)]


def _person(document: PolicyDocument, chance: random.Random) -> Facts:
    def item(name: str) -> Item:
        odd = chance.random() < 0.03
        collected_for = PurposeId("recommendations") if odd else ORDERS
        ends = date(2026, 11, 20) if chance.random() < 0.02 else None
        at = NOW - timedelta(days=chance.randrange(1, 900))
        return Item(
            RowId(uuid4().hex),
            FieldName(name),
            document.fields[name].category,
            collected_for,
            Origin.PROVIDED,
            at,
            ends,
        )

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
        notices=(Delivery("privacy_notice", "1", frozenset({ORDERS, LETTERS}), NOW - timedelta(days=200)),),
        items=tuple(item(name) for name in FIELDS),
    )
    ago = NOW - timedelta(days=30)
    closed = Relationship(RelationshipKind.CONTRACT, ago, NOW)
    limited = Restriction(Category.MASTER, chance.choice([None, FieldName("street"), FieldName("email")]), NOW)
    marketing = Objection(True, None, Channel.ANY, ObjectionState.OPEN, NOW)
    letters = Objection(False, LETTERS, Channel.ANY, chance.choice(list(ObjectionState)), ago)
    odd: list[dict[str, Any]] = [
        {"relationships": ()},
        {"relationships": (closed, Relationship(RelationshipKind.ACCOUNT, ago, None))},
        {"restrictions": (limited,)},
        {"objections": (marketing,)},
        {"objections": (letters,)},
        {"notices": (Delivery("privacy_notice", "0", frozenset({ORDERS}), ago),)},
        {"majority_month": date(2026, chance.choice([10, 11, 12]), 1)},
        {"permissions": (Permission(LETTERS, Channel.ANY, ConsentState.WITHDRAWN, ago),)},
    ]
    return replace(facts, **chance.choice([*odd, *[{}] * len(odd)]))


def _ours(document: PolicyDocument, questions: list[Question]) -> Callable[[int], Answer]:
    compiled(document)

    def answer(number: int) -> Answer:
        decision: Permit | Deny = evaluate(questions[number][0], document, questions[number][1])
        return frozenset(decision.fields) if isinstance(decision, Permit) else frozenset()

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
