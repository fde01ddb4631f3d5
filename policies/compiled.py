"""The policy document as tables: everything that can be known before anybody is looked at, worked out once.

Who may ask for which purpose, which fields it may read, what each field is worked out from and under which condition of
Art. 9 it stands, needs no person. What is left to a decision is looking up rows of these tables and asking the rules
that look at facts. The rules themselves stand in `policies.rules` alone; nothing is decided here a second time.

Tables are made when they are first asked for and kept with their document; names that the document does not know
are never kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from policies.decision import Deny, Reason, Withheld
from policies.documents import Basis, PolicyDocument, Purpose, Recipient
from policies.facts import AccessRequest
from policies.rules import (
    accountability,
    channel,
    lawful_basis,
    minimisation,
    purpose_limitation,
    recipient,
    soft_opt_in,
    special_category,
)
from policies.vocabulary import Category, Channel, FieldName, LegalBasis, Operation, PurposeId

MOST_DOCUMENTS = 16
MOST_QUESTIONS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What fields have in common that are judged alike: the categories they touch, and their condition of Art. 9."""

    categories: tuple[Category, ...]
    condition: str | None


_NO_KIND = Kind((), None)


@dataclass(frozen=True, slots=True)
class FieldTable:
    """One field under one purpose.

    `against` speaks against it whoever the person is. `category` is None for a field that the purpose may not read.
    `places` are those of the field itself, then of everything it is worked out from or was asked for with. `scored`: it
    is an estimate.
    """

    against: tuple[Reason, ...]
    category: Category | None = None
    places: tuple[tuple[Category, FieldName], ...] = ()
    kind: Kind = _NO_KIND
    scored: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """The fields that a question asks for under one purpose, each once, and what they have in common.

    `categories` are those of the fields that the purpose may read, and `bases` what these rest on; `withheld` are the
    other fields. With `unopposed` there are some to read, and nothing speaks against one whoever the person is.
    With `scored` some of them are estimates.
    """

    fields: tuple[tuple[FieldName, FieldTable], ...]
    withheld: tuple[Withheld, ...]
    readable: tuple[tuple[FieldName, FieldTable], ...]
    names: tuple[FieldName, ...]
    categories: dict[FieldName, Category]
    kinds: tuple[Kind, ...]
    bases: Mapping[Category, LegalBasis]
    unopposed: bool
    scored: bool


@dataclass(frozen=True, slots=True)
class PurposeTable:
    """One purpose as one client asks for it; `alike` names the first category with the same basis, so judged alike.

    `subjects_per_day` is how many different people this client may read for it; None = as many as it likes.
    """

    id: PurposeId
    purpose: Purpose
    owner: Recipient | None
    sale: soft_opt_in.Terms
    duty: bool
    alike: Mapping[Category, Category]
    subjects_per_day: int | None
    _of: "CompiledPolicy"
    _serving: frozenset[str]
    _serving_from: date
    _asked: dict[tuple[FieldName, ...], Question] = field(default_factory=dict)

    def asked(self, names: tuple[FieldName, ...]) -> Question:
        """The fields asked for; the same question is looked up as a whole."""
        known = self._asked.get(names)
        if known is None:
            known = self._question(names)
            if len(self._asked) < MOST_QUESTIONS and all(name in self._of.document.fields for name in names):
                self._asked[names] = known
        return known

    def serving(self, as_of: datetime) -> frozenset[str]:
        """The purposes whose data may serve this one at `as_of` (Art. 6(4))."""
        if as_of.date() >= self._serving_from:
            return self._serving
        return purpose_limitation.sources(self.id, self.purpose, as_of)

    def _question(self, names: tuple[FieldName, ...]) -> Question:
        fields = tuple((name, self._of.field(self.purpose, self.id, name)) for name in dict.fromkeys(names))
        basis = self.purpose.basis
        categories = {name: one.category for name, one in fields if one.category is not None}
        return Question(
            fields=fields,
            withheld=tuple(Withheld(name, one.against) for name, one in fields if one.category is None),
            readable=tuple((name, one) for name, one in fields if name in categories),
            names=tuple(categories),
            categories=categories,
            kinds=tuple(dict.fromkeys(one.kind for name, one in fields if name in categories)),
            bases=MappingProxyType(
                {one: basis[one].article for one in dict.fromkeys(categories.values()) if one in basis}
            ),
            unopposed=bool(categories) and not any(one.against for name, one in fields if name in categories),
            scored=any(one.scored for _, one in fields),
        )


_Asked = tuple[str, str, Operation, Channel | None, bool, str | None]


@dataclass(slots=True)
class CompiledPolicy:
    """The tables of one document."""

    document: PolicyDocument
    _gates: dict[_Asked, Deny | PurposeTable] = field(default_factory=dict)
    _observed: dict[_Asked, Deny | PurposeTable] = field(default_factory=dict)
    _fields: dict[tuple[PurposeId, FieldName], FieldTable] = field(default_factory=dict)
    _kinds: dict[tuple[tuple[Category, ...], str | None], Kind] = field(default_factory=dict)
    _sale: soft_opt_in.Terms | None = None

    def gate(self, request: AccessRequest, *, observing: bool = False) -> Deny | PurposeTable:
        """What client, role and purpose alone come to: a refusal, or the table to go on with.

        With `observing`, the table of a purpose in observe mode and of no other.
        """
        case = bool(request.case_reference)
        asked = (request.client, request.purpose, request.operation, request.channel, case, request.role)
        gates = self._observed if observing else self._gates
        known = gates.get(asked)
        if known is None:
            known = self._gate(request, observing=observing)
            if self._knows(request):
                gates[asked] = known
        return known

    def _knows(self, request: AccessRequest) -> bool:
        named = request.client in self.document.clients and request.purpose in self.document.purposes
        return named and (request.role is None or request.role in self.document.roles)

    def _gate(self, request: AccessRequest, *, observing: bool) -> Deny | PurposeTable:
        document = self.document
        reasons = purpose_limitation.check_gate(request, document, observing=observing)
        if not reasons:
            purpose = document.purposes[request.purpose]
            reasons = (
                *accountability.check_request(request, purpose),
                *minimisation.check_request(request, purpose),
                *channel.check_request(request, purpose),
                *recipient.check_client(document, document.clients[request.client], purpose),
            )
        if reasons:
            return Deny(None, request.purpose, document.version, reasons)
        return self.table(request)

    def table(self, request: AccessRequest) -> PurposeTable:
        """The table of a purpose that exists, for a client that exists."""
        if self._sale is None:
            self._sale = soft_opt_in.terms_of(self.document)
        purpose = self.document.purposes[request.purpose]
        owner = self.document.clients[request.client].recipient
        dates = [one.informed_from for one in purpose.compatible_from if one.informed_from is not None]
        return PurposeTable(
            id=request.purpose,
            purpose=purpose,
            owner=self.document.recipients[owner] if owner else None,
            sale=self._sale,
            duty=all(basis.article is LegalBasis.LEGAL_OBLIGATION for basis in purpose.basis.values()),
            alike=_alike(purpose.basis),
            subjects_per_day=self.document.subjects_per_day(request.client, request.purpose),
            _of=self,
            _serving=frozenset({request.purpose, *purpose.sources}),
            _serving_from=max(dates, default=date.min),
        )

    def field(self, purpose: Purpose, purpose_id: PurposeId, name: FieldName) -> FieldTable:
        """The table of one field under a purpose."""
        known = self._fields.get((purpose_id, name))
        if known is None:
            known = self._field(purpose, name)
            if name in self.document.fields:
                self._fields[purpose_id, name] = known
        return known

    def _field(self, purpose: Purpose, name: FieldName) -> FieldTable:
        reasons = minimisation.check_field(self.document, purpose, name)
        if reasons:
            return FieldTable(reasons)
        declared = self.document.fields
        category = declared[name].category
        inputs = sorted(purpose_limitation.inputs_of(self.document, name) - {name})
        behind = sorted(self.document.made_of(name) - {name})
        condition, special = special_category.condition_of(self.document, purpose, name, behind)
        categories = dict.fromkeys(declared[one].category for one in (name, *inputs) if one in declared)
        without_basis = any(one not in purpose.basis for one in categories)
        alike = (tuple(one for one in categories if one in purpose.basis), condition)
        return FieldTable(
            against=(
                *((lawful_basis.NO_BASIS,) if without_basis else ()),
                *purpose_limitation.check_field(self.document, purpose, name),
                *special,
            ),
            category=category,
            places=tuple((declared[one].category, FieldName(one)) for one in (name, *behind) if one in declared),
            kind=self._kinds.setdefault(alike, Kind(*alike)),
            scored=declared[name].scored,
        )


def _alike(basis: Mapping[Category, Basis]) -> Mapping[Category, Category]:
    """The first category whose basis is the same but for the words that say why."""
    judged = {category: one.model_copy(update={"why": ""}) for category, one in basis.items()}
    return {one: next(first for first in judged if judged[first] == judged[one]) for one in judged}


_kept: dict[int, CompiledPolicy] = {}


def compiled(document: PolicyDocument) -> CompiledPolicy:
    """The tables of a document, made once while it is in use; two documents never share them."""
    known = _kept.get(id(document))
    if known is not None and known.document is document:
        return known
    if len(_kept) >= MOST_DOCUMENTS:
        _kept.pop(next(iter(_kept)), None)
    made = CompiledPolicy(document)
    _kept[id(document)] = made
    return made
