"""The same decision as a condition in SQL: whom a question would be permitted for, found by the database itself.

`predicate` says for one question what the rules say for one person, over the registry's own tables (`subject` as `s`,
`permission`, `objection`, `restriction`, `relationship`, `notice_delivery`, `notice`, `record`, `event`,
`human_review`). It selects and permits nothing: whoever was selected is decided again, person by person, before
anything leaves. Tests hold it equal to `evaluate` on random people, on every engine. One thing it leaves out on
purpose: whose case a human has decided is found by asking for that person, never as one of a crowd.

The words are those that SQLite and PostgreSQL share. Values travel as parameters: text, `datetime` (aware, UTC) and
`date`; the store binds each as its engine keeps it. A number of people a day is counted elsewhere.

Legal: as the rules it repeats; GDPR Art. 5(1)(b), Art. 6.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from policies.compiled import FieldTable, PurposeTable, compiled
from policies.deadlines import local_date
from policies.decision import Deny
from policies.documents import Basis, PolicyDocument, Purpose
from policies.facts import AccessRequest
from policies.periods import minus
from policies.rules import address, child, recipient, soft_opt_in, special_category
from policies.rules import channel as channel_rule
from policies.standing import channels_asked
from policies.vocabulary import (
    NO_DECLARATION,
    ONLY_ASKED,
    VALID_CONSENT,
    Category,
    Channel,
    ConsentState,
    LegalBasis,
    ObjectionState,
    Origin,
    RelationshipKind,
    ReviewState,
    SubjectKind,
    SubjectStatus,
)

Value = str | datetime | date
_PARAMETER = re.compile(r":(v\d+)\b")
_TRUE, _FALSE = "(1 = 1)", "(1 = 0)"
# The later declaration `q` is looked for beside the earlier one, `p`: so the database can join the two by person.
_BESIDE = {"p": "s", "q": "p"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on `subject AS s`, with its parameters by name."""

    sql: str
    parameters: dict[str, Value] = field(repr=False)


def predicate(document: PolicyDocument, request: AccessRequest, as_of: datetime) -> Predicate | Deny:
    """The condition under which `evaluate` permits at least one of the fields.

    Args:
        document: the policy in force.
        request: who asks, for which purpose, fields and channel.
        as_of: the instant of the question (aware, UTC).

    Returns:
        The condition, or what client and purpose alone are refused for.
    """
    table = compiled(document).gate(request)
    if isinstance(table, Deny):
        return table
    build = _Build(request, table, as_of)
    fields = {
        name: build.of_field(one, name, event=document.fields[name].event is not None)
        for name, one in table.asked(request.fields).fields
        if name in document.fields
    }
    addresses = address.fields_of(document, request.channel, table.asked(request.fields).names)
    found = _any(fields.values())
    if address.is_needed(request):
        found = build.contact({name: fields[name] for name in addresses})
    sql = _all([build.of_person(), found])
    used = set(_PARAMETER.findall(sql))
    return Predicate(sql, {name: value for name, value in build.parameters.items() if name in used})


def _all(parts: Iterable[str]) -> str:
    needed = [part for part in dict.fromkeys(parts) if part != _TRUE]
    return f"({' AND '.join(needed)})" if needed else _TRUE


def _any(parts: Iterable[str]) -> str:
    wanted = [part for part in dict.fromkeys(parts) if part != _FALSE]
    if _TRUE in wanted:
        return _TRUE
    return f"({' OR '.join(wanted)})" if wanted else _FALSE


class _Build:
    """Conditions for one question; each method repeats one rule, in the rule's own words."""

    def __init__(self, request: AccessRequest, table: PurposeTable, as_of: datetime) -> None:
        self.request = request
        self.table = table
        self.purpose: Purpose = table.purpose
        self.as_of = as_of
        self.asked = channels_asked(request, table.purpose)
        self.parameters: dict[str, Value] = {}
        self._names: dict[tuple[type, Value], str] = {}
        self.now = self.value(as_of)
        self.id = self.value(str(request.purpose))

    def value(self, value: Value) -> str:
        """A parameter for a value; the same value is bound once."""
        key = (type(value), value)
        if key not in self._names:
            self._names[key] = f"v{len(self._names)}"
            self.parameters[self._names[key]] = value
        return f":{self._names[key]}"

    def one_of(self, values: Iterable[str]) -> str:
        """`IN` for a list of texts; nothing is in an empty one."""
        marks = [self.value(str(value)) for value in sorted(values)]
        return f"IN ({', '.join(marks)})" if marks else "IN (NULL)"

    # ---- the person ----------------------------------------------------------------------------------------------

    def of_person(self) -> str:
        states = [SubjectStatus.ACTIVE.value, *([SubjectStatus.RETAINED.value] if self.table.duty else [])]
        return _all(
            [
                f"s.status {self.one_of(states)}",
                self._objection(),
                self._channel(),
                self._age(),
                self._machine(),
                _FALSE if recipient.check_time(self.table.owner, self.as_of) else _TRUE,
            ],
        )

    def _objection(self) -> str:
        if self.purpose.direct_marketing:
            covered = (_all([self._covers(one), self._not_consented_since(one)]) for one in self.asked)
            return self._no_objection(f"(o.purpose IS NULL OR o.purpose = {self.id})", _any(covered))
        about = f"o.purpose = {self.id}"
        match self.purpose.objection:
            case "not_applicable":
                return _TRUE
            case "withdraws_consent":
                return self._no_objection(about, _any(self._not_consented_since(one) for one in self.asked))
            case "weighed":
                return self._no_objection(about, f"o.state <> {self.value(ObjectionState.REJECTED.value)}")
            case _:
                return self._no_objection(about, _TRUE)

    def _no_objection(self, about: str, bars: str) -> str:
        return f"NOT EXISTS (SELECT 1 FROM objection o WHERE o.subject_id = s.subject_id AND {about} AND {bars})"

    def _not_consented_since(self, channel: Channel) -> str:
        return f"NOT {self._given(channel, after='o.since')}"

    def _covers(self, channel: Channel) -> str:
        if channel is Channel.ANY:
            return _TRUE
        return f"o.channel {self.one_of([Channel.ANY, channel])}"

    def _channel(self) -> str:
        asked = self.request.channel
        if asked is None or not self.purpose.direct_marketing or asked in channel_rule.WITHOUT_CONSENT:
            return _TRUE
        articles = {basis.article for basis in self.purpose.basis.values()}
        if asked in channel_rule.SOFT_OPT_IN and LegalBasis.SOFT_OPT_IN in articles:
            return _TRUE
        ways = [self._given(asked, named=True)]
        if asked is Channel.PHONE:
            business = f"s.kind {self.one_of(channel_rule.BUSINESS)}"
            ways += [
                _all([business, self._open_relationship(basis.rests_on)])
                for basis in self.purpose.basis.values()
                if basis.article is LegalBasis.LEGITIMATE_INTERESTS and basis.assessment is not None
            ]
        return _any(ways)

    def _age(self) -> str:
        age = child.least_age(self.purpose)
        if not age:
            return _TRUE
        month = date(self.as_of.year + child.MAJORITY_YEARS - age, self.as_of.month, 1)
        unknown = "s.majority_month IS NULL"
        if self.purpose.unknown_age == "deny":
            unknown = _all([unknown, f"s.kind = {self.value(SubjectKind.ORGANISATION.value)}"])
        old_enough = _any([unknown, f"s.majority_month < {self.value(month)}"])
        if child.parents_may_decide(self.purpose):
            by_parents = _any(self._given(channel, parental=True) for channel in self.asked)
            old_enough = _any([old_enough, _all(["s.majority_month IS NOT NULL", by_parents])])
        return old_enough

    def _machine(self) -> str:
        if not self.purpose.significant_decision:
            return _TRUE
        if self.purpose.human_review != "not_required":
            return _FALSE
        return _all([self._exception(), self._uncontested()])

    def _exception(self) -> str:
        match self.purpose.adm_exception:
            case "law":
                return _TRUE
            case "contract":
                return self._open_relationship([RelationshipKind.CONTRACT])
            case "explicit_consent":
                return _any(self._given(channel, explicit=True) for channel in self.asked)
            case None:
                return _FALSE

    def _uncontested(self) -> str:
        return (
            "NOT EXISTS (SELECT 1 FROM human_review h WHERE h.subject_id = s.subject_id"
            f" AND h.purpose = {self.id} AND h.state = {self.value(ReviewState.OPEN.value)})"
        )

    # ---- one field -----------------------------------------------------------------------------------------------

    def of_field(self, one: FieldTable, name: str, *, event: bool) -> str:
        """Whether one field is permitted to a person whom `of_person` leaves."""
        if one.against or one.category is None:
            return _FALSE
        special = _TRUE
        if one.kind.condition == special_category.EXPLICIT_CONSENT:
            special = _any(self._given(channel, explicit=True) for channel in self.asked)
        return _all(
            [
                self._restriction(one),
                *(self._basis(self.purpose.basis[category]) for category in one.kind.categories),
                special,
                self._values(one, one.category, name, event=event),
            ],
        )

    def contact(self, addresses: Mapping[str, str]) -> str:
        """Whether one of these addresses is on file and permitted, or all that are parts of one."""
        on_file = {name: self._is_on_file(name) for name in addresses}
        if self.request.channel in address.IN_PARTS:
            return _all([*addresses.values(), _any(on_file.values())])
        return _any(_all([permitted, on_file[name]]) for name, permitted in addresses.items())

    def _is_on_file(self, name: str) -> str:
        return f"EXISTS (SELECT 1 FROM record r WHERE r.subject_id = s.subject_id AND r.field = {self.value(name)})"

    def _restriction(self, one: FieldTable) -> str:
        if self.purpose.while_restricted or one.category is None:
            return _TRUE
        covered = _any(
            f"((x.category IS NULL OR x.category = {self.value(category.value)})"
            f" AND (x.field IS NULL OR x.field = {self.value(str(place))}))"
            for category, place in one.places
        )
        own = self.purpose.basis.get(one.category)
        agreed = _FALSE
        if own is not None and own.article is LegalBasis.CONSENT:
            agreed = _any(self._given(channel, explicit=own.explicit, after="x.since") for channel in self.asked)
        return (
            "NOT EXISTS (SELECT 1 FROM restriction x WHERE x.subject_id = s.subject_id AND x.lifted_at IS NULL"
            f" AND {covered} AND NOT {agreed})"
        )

    def _basis(self, basis: Basis) -> str:
        match basis.article:
            case LegalBasis.LEGAL_OBLIGATION:
                return _TRUE
            case LegalBasis.CONSENT:
                return _any(self._given(channel, explicit=basis.explicit) for channel in self.asked)
            case LegalBasis.CONTRACT:
                return self._open_relationship(basis.rests_on)
            case LegalBasis.LEGITIMATE_INTERESTS:
                return _all([self._told(self.now), *(f"NOT {self._ended(channel)}" for channel in self.asked)])
            case LegalBasis.SOFT_OPT_IN:
                return _any(self._soft_opt_in(basis, channel) for channel in self.asked)
            case _:
                return _FALSE

    def _values(self, one: FieldTable, category: Category, name: str, *, event: bool) -> str:
        rows, at = ("event", "occurred_at") if event else ("record", "observed_at")
        of_field = f"FROM {rows} r WHERE r.subject_id = s.subject_id AND r.field = {self.value(name)}"
        limits = [
            f"r.category = {self.value(category.value)}",
            f"(r.delete_after IS NULL OR r.delete_after >= {self.value(local_date(self.as_of))})",
        ]
        if not self.purpose.from_any_purpose:
            limits.append(f"r.collected_for {self.one_of(self.table.serving(self.as_of))}")
            if one.scored and not event:
                limits.append("r.stale_since IS NULL")
        window = self.purpose.look_back.get(category)
        if window is not None:
            limits.append(f"r.{at} >= {self.value(minus(self.as_of, window))}")
        return f"(NOT EXISTS (SELECT 1 {of_field}) OR EXISTS (SELECT 1 {of_field} AND {_all(limits)}))"

    # ---- what bases rest on ----------------------------------------------------------------------------------------

    def _open_relationship(self, kinds: Iterable[RelationshipKind]) -> str:
        return (
            f"EXISTS (SELECT 1 FROM relationship c WHERE c.subject_id = s.subject_id AND c.kind {self.one_of(kinds)}"
            f" AND c.opened_at <= {self.now} AND (c.closed_at IS NULL OR c.closed_at > {self.now}))"
        )

    def _told(self, by: str, more: str = "") -> str:
        """A version of the notice that names this purpose arrived by then."""
        if self.purpose.notice is None:
            return _FALSE
        named = (
            "(SELECT CASE WHEN min(t.purposes) = max(t.purposes) THEN ' ' || min(t.purposes) || ' ' END FROM notice t"
            " WHERE t.notice = d.notice AND t.version = d.version)"
        )
        word = self.value(f" {self.request.purpose} ")
        return (
            "EXISTS (SELECT 1 FROM notice_delivery d WHERE d.subject_id = s.subject_id"
            f" AND d.notice = {self.value(self.purpose.notice)} AND d.delivered_at <= {by}{more}"
            f" AND replace({named}, {word}, '') <> {named})"
        )

    def _soft_opt_in(self, basis: Basis, channel: Channel) -> str:
        fields = self.table.sale.addresses.get(channel, frozenset())
        if not (fields and self.purpose.similar_goods and self.purpose.advertises_for == "own"):
            return _FALSE
        sold = (
            f"FROM record a WHERE a.subject_id = s.subject_id AND a.field {self.one_of(fields)}"
            f" AND a.origin = {self.value(Origin.PROVIDED.value)} AND a.touchpoint {self.one_of(soft_opt_in.SALES)}"
            f" AND a.collected_for {self.one_of(self.table.sale.of_sales)}"
        )
        return _all(
            [
                f"EXISTS (SELECT 1 {sold})",
                (
                    "EXISTS (SELECT 1 FROM relationship c WHERE c.subject_id = s.subject_id"
                    f" AND c.kind {self.one_of(soft_opt_in.sales(basis))} AND c.opened_at <= {self.now})"
                ),
                (
                    "NOT EXISTS (SELECT 1 FROM objection o WHERE o.subject_id = s.subject_id"
                    f" AND (o.purpose IS NULL OR o.purpose = {self.id})"
                    f" AND o.channel {self.one_of([Channel.ANY, channel])})"
                ),
                f"NOT {self._ended(channel)}",
                f"NOT {self._withdrawn(channel)}",
                f"NOT EXISTS (SELECT 1 {sold} AND NOT {self._told(self.now, ' AND d.delivered_at <= a.collected_at')})",
            ],
        )

    def _withdrawn(self, channel: Channel) -> str:
        """A consent to advertising on this channel was withdrawn, and nothing was declared in its favour since."""
        about = f"channel {self.one_of([Channel.ANY, channel])}"
        return (
            "EXISTS (SELECT 1 FROM permission p WHERE p.subject_id = s.subject_id"
            f" AND p.purpose {self.one_of(self.table.sale.advertising[channel])} AND p.{about}"
            f" AND p.state {self.one_of(soft_opt_in.WITHDRAWN)}"
            " AND NOT EXISTS (SELECT 1 FROM permission q WHERE q.subject_id = p.subject_id AND q.purpose = p.purpose"
            f" AND q.{about} AND q.state {self.one_of(VALID_CONSENT)} AND q.since > p.since AND q.since <= {self.now}))"
        )

    # ---- declarations ------------------------------------------------------------------------------------------------

    def _given(
        self,
        channel: Channel,
        *,
        explicit: bool = False,
        parental: bool = False,
        after: str | None = None,
        named: bool = False,
    ) -> str:
        """The last word on this channel is a consent as asked; of several at one instant, each is."""
        carried = {row: self._carries(row, explicit=explicit, parental=parental, after=after) for row in ("p", "q")}
        only = channel if named and self.purpose.channels != (channel,) else None
        return (
            f"EXISTS (SELECT 1 FROM permission p WHERE {self._speaks('p', channel, only)}"
            f" AND {carried['p']}"
            f" AND NOT EXISTS (SELECT 1 FROM permission q WHERE {self._speaks('q', channel, only)}"
            f" AND (q.since > p.since"
            f" OR (q.since = p.since AND NOT {carried['q']}))))"
        )

    def _ended(self, channel: Channel) -> str:
        """The last word on this channel is no consent any more, or the only one was void."""
        over = f"(p.expires_at IS NOT NULL AND p.expires_at <= {self.now})"
        ended = (
            f"EXISTS (SELECT 1 FROM permission p WHERE {self._speaks('p', channel, None)}"
            f" AND (p.state NOT {self.one_of(VALID_CONSENT)} OR {over})"
            f" AND NOT EXISTS (SELECT 1 FROM permission q WHERE {self._speaks('q', channel, None)}"
            f" AND q.since > p.since))"
        )
        void = (
            f"EXISTS (SELECT 1 FROM permission p WHERE {self._is_about('p', channel)}"
            f" AND p.state = {self.value(ConsentState.INVALIDATED.value)}"
            f" AND NOT EXISTS (SELECT 1 FROM permission q WHERE {self._speaks('q', channel, None)})"
            f" AND NOT EXISTS (SELECT 1 FROM permission q WHERE {self._is_about('q', channel)}"
            f" AND q.state {self.one_of(ONLY_ASKED)} AND q.since > p.since))"
        )
        return _any([ended, void])

    def _speaks(self, row: str, channel: Channel, only: Channel | None) -> str:
        """A declaration about this purpose and channel; a grant not before its time."""
        valid = f"{row}.state {self.one_of(VALID_CONSENT)}"
        grant = [valid, f"{row}.since <= {self.now}", f"{row}.channel {self.one_of({Channel.ANY, channel})}"]
        if only is not None:
            grant.append(f"{row}.channel = {self.value(only.value)}")
        ending = [f"NOT {valid}", f"{row}.state NOT {self.one_of(NO_DECLARATION)}"]
        return f"{self._is_about(row, channel)} AND {_any([_all(grant), _all(ending)])}"

    def _is_about(self, row: str, channel: Channel) -> str:
        """What was said of this purpose and touches this channel."""
        of_person = f"{row}.subject_id = {_BESIDE[row]}.subject_id AND {row}.purpose = {self.id}"
        if channel is Channel.ANY:
            return of_person
        return f"{of_person} AND {row}.channel {self.one_of([Channel.ANY, channel])}"

    def _carries(self, row: str, *, explicit: bool, parental: bool, after: str | None) -> str:
        parts = [
            f"{row}.state {self.one_of(VALID_CONSENT)}",
            f"({row}.expires_at IS NULL OR {row}.expires_at > {self.now})",
        ]
        if explicit:
            parts.append(f"{row}.explicit")
        if parental:
            parts.append(f"{row}.parental")
        if after is not None:
            parts.append(f"{row}.since > {after}")
        if self.purpose.consent_texts:
            parts.append(f"{row}.quoted {self.one_of(self.purpose.consent_texts)}")
        return _all(parts)
