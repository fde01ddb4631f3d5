"""What a policy document may never say, whoever puts it in force: refused at reading, each law by itself.

A law sees the document alone. Parts that are not of their form are missing from what it sees; names are judged
against everything the file declares, so that one slip is reported once.

Legal: GDPR Art. 5(1)(b), (c), (e), 6, 7(3), 9, 13(1), 21, 22, 35, 38(6), 46; § 7(3) UWG.
"""

import unicodedata
from collections.abc import Iterator

from policies.countries import WITH_A_DECISION, WITHOUT_INSTRUMENT
from policies.declared import PolicyDocument
from policies.findings import Check, Fault, requires
from policies.parties import Recipient
from policies.purposes import Purpose
from policies.score_models import inputs_of
from policies.vocabulary import Category, EventKind, LegalBasis

_OPEN = frozenset({LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN})
_RESTING = frozenset({LegalBasis.CONTRACT, LegalBasis.SOFT_OPT_IN})
_ASKED_OR_TOLD = frozenset({LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN})
_NEVER_ADVERTISES = {LegalBasis.CONTRACT: "a contract", LegalBasis.LEGAL_OBLIGATION: "a duty of law"}


@requires("R-38-1", "Art. 38(6) GDPR, C-453/21")
def four_eyes(document: PolicyDocument) -> Iterator[Fault]:
    """The controller's management decides: neither who wrote the document nor who advises on it."""
    head = document.policy
    if _name(head.decided_by) in {_name(head.author), _name(head.dpo_opinion.by)}:
        at = ("policy", "decided_by")
        yield Fault(at, "decided_by must be neither the author nor the data protection officer")


@requires("R-5.1b-1", "Art. 5(1)(b) GDPR")
def purpose_is_expressed(document: PolicyDocument) -> Iterator[Fault]:
    """To collect for a purpose not yet expressed is none."""
    for name, purpose in document.purposes.items():
        if (purpose.fideslang or "").split(".")[0] == "collect":
            at = ("purposes", name, "fideslang")
            yield Fault(at, f"purpose {name}: collecting for a purpose not yet expressed is no purpose")


@requires("R-6.1-1", "Art. 6(1) GDPR")
def basis_per_category(document: PolicyDocument) -> Iterator[Fault]:
    """Every category a purpose reads or collects has a legal basis."""
    for name, purpose in document.purposes.items():
        for part in ("fields", "collects"):
            for category in getattr(purpose, part):
                if category not in purpose.basis:
                    yield Fault(("purposes", name, part, category), f"purpose {name}: no legal basis for {category}")


@requires("R-6.1b-1", "Art. 6(1)(b) GDPR, § 7(3) UWG")
def contract_rests_on_something(document: PolicyDocument) -> Iterator[Fault]:
    """A basis that a relationship carries names which."""
    for name, purpose in document.purposes.items():
        for category, basis in purpose.basis.items():
            if basis.article in _RESTING and not basis.rests_on:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: this basis names the relationships it rests on")


@requires("R-6.1b-1", "Art. 6(1)(b), (c) GDPR, C-252/21")
def no_marketing_on_contract_or_duty(document: PolicyDocument) -> Iterator[Fault]:
    """Nobody buys in order to be advertised to, and no law orders anybody to advertise."""
    for name, purpose in document.purposes.items():
        for category, basis in purpose.basis.items():
            if purpose.direct_marketing and basis.article in _NEVER_ADVERTISES:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: marketing cannot rest on {_NEVER_ADVERTISES[basis.article]}")


@requires("R-6.1f-1", "Art. 6(1)(f) GDPR")
def interest_is_assessed(document: PolicyDocument) -> Iterator[Fault]:
    """A legitimate interest refers to its assessment; `policies.gates` asks what it says."""
    for name, purpose in document.purposes.items():
        for category, basis in purpose.basis.items():
            assessed = (basis.assessment or "").strip() or purpose.lia
            if basis.article is LegalBasis.LEGITIMATE_INTERESTS and not assessed:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: a legitimate interest needs its assessment")


@requires("R-9-3", "Art. 9(2)(a), 22(2)(c) GDPR")
def only_consent_is_explicit(document: PolicyDocument) -> Iterator[Fault]:
    """No other basis is declared by the person."""
    for name, purpose in document.purposes.items():
        for category, basis in purpose.basis.items():
            if basis.explicit and basis.article is not LegalBasis.CONSENT:
                at = ("purposes", name, "basis", category, "explicit")
                yield Fault(at, f"purpose {name}: only a consent can be explicit")


@requires("R-7.3-1", "Art. 7(3) GDPR")
def consent_ends_by_withdrawal(document: PolicyDocument) -> Iterator[Fault]:
    """An objection against what rests on consent is its withdrawal."""
    for name, purpose in document.purposes.items():
        if LegalBasis.CONSENT in purpose.articles and purpose.objection != "withdraws_consent":
            at = ("purposes", name, "objection")
            yield Fault(at, f"purpose {name}: a consent ends by withdrawal, so objection is withdraws_consent")


@requires("R-21.1-1", "Art. 21(1)-(3) GDPR, § 7(3) no. 3 UWG")
def interest_can_be_objected_to(document: PolicyDocument) -> Iterator[Fault]:
    """What rests on an interest can be objected to, direct marketing absolutely."""
    for name, purpose in document.purposes.items():
        if not purpose.articles & {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN}:
            continue
        advertising = purpose.direct_marketing or LegalBasis.SOFT_OPT_IN in purpose.articles
        if purpose.objection not in ({"absolute"} if advertising else {"weighed", "absolute"}):
            at = ("purposes", name, "objection")
            what = "a legitimate interest can be objected to, in direct marketing absolutely"
            yield Fault(at, f"purpose {name}: {what}")


@requires("R-13-1", "Art. 7(1), 13(1)(c), (d) GDPR, § 7(3) no. 4 UWG")
def names_its_notice(document: PolicyDocument) -> Iterator[Fault]:
    """Who shall consent or may object has to have been told."""
    for name, purpose in document.purposes.items():
        if purpose.articles & _OPEN and not purpose.notice:
            what = "a purpose on consent or legitimate interest names its notice"
            yield Fault(("purposes", name), f"purpose {name}: {what}")


@requires("R-35-1", "Art. 35(3)(a) GDPR")
def profiling_is_assessed(document: PolicyDocument) -> Iterator[Fault]:
    """Profiling refers to an impact assessment; `policies.gates` asks whether it is approved."""
    for name, purpose in document.purposes.items():
        if purpose.profiling and not purpose.dpia:
            yield Fault(("purposes", name, "profiling"), f"purpose {name}: profiling needs an impact assessment")


@requires("R-22-2", "Art. 22(2)(c) GDPR")
def profiling_is_explicit(document: PolicyDocument) -> Iterator[Fault]:
    """Consent to profiling is explicit, and profiling for advertising has no other basis."""
    for name, purpose in document.purposes.items():
        for category, basis in purpose.basis.items():
            wanted = purpose.direct_marketing or basis.article is LegalBasis.CONSENT
            if purpose.profiling and wanted and not basis.explicit:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: profiling rests on explicit consent alone")


@requires("R-22-2", "Art. 21(2), 22(2)(c) GDPR")
def advertising_by_estimates_is_profiling(document: PolicyDocument) -> Iterator[Fault]:
    """Who advertises by what was estimated of somebody profiles them, and says so."""
    for name, purpose in document.purposes.items():
        if not purpose.direct_marketing or purpose.profiling:
            continue
        for part, category, field in _mentioned(purpose):
            declared = document.fields.get(field)
            if declared is not None and declared.scored:
                what = f"advertising by {field}, an estimate, is profiling (profiling)"
                yield Fault(("purposes", name, part, category), f"purpose {name}: {what}")


@requires("R-8-4", "Art. 5(1)(b), (c) GDPR, § 20 TDDDG, § 34(2) BDSG")
def evidence_serves_duties_and_claims(document: PolicyDocument) -> Iterator[Fault]:
    """What proves a consent, an age or how a request was answered serves that proof, and no business."""
    for name, purpose in document.purposes.items():
        if _is_duty_or_claim(purpose) and not purpose.articles & _ASKED_OR_TOLD:
            continue
        for part in ("fields", "collects"):
            if getattr(purpose, part).get(Category.EVIDENCE):
                what = "evidence serves only a duty of law, or a claim named case by case"
                yield Fault(("purposes", name, part, Category.EVIDENCE), f"purpose {name}: {what}")


@requires("R-18-1", "Art. 6(4), 18(2), 21(3) GDPR, § 24(1) no. 2 BDSG")
def only_duties_reach_everything(document: PolicyDocument) -> Iterator[Fault]:
    """No wish of the controller goes on under restriction or takes data of every purpose; a claim does, by its case."""
    for name, purpose in document.purposes.items():
        for key in ("while_restricted", "from_any_purpose"):
            if getattr(purpose, key) and not _is_duty_or_claim(purpose):
                what = (
                    "only a duty of law, or a claim named case by case, goes on under restriction or reaches all data"
                )
                yield Fault(("purposes", name, key), f"purpose {name}: {what}")


@requires("R-5.1c-2", "Art. 5(1)(c), (e) GDPR, C-446/21")
def advertising_looks_back_with_an_end(document: PolicyDocument) -> Iterator[Fault]:
    """Advertising and profiling have a window for every category but master data."""
    for name, purpose in document.purposes.items():
        if purpose.direct_marketing or purpose.profiling:
            for category in sorted(purpose.fields.keys() - {Category.MASTER} - purpose.look_back.keys()):
                what = f"advertising and profiling look back without end on {category}"
                yield Fault(("purposes", name, "fields", category), f"purpose {name}: {what}")


@requires("R-25-1", "Art. 5(1)(c), 25(2) GDPR")
def aggregates_reach_nobody(document: PolicyDocument) -> Iterator[Fault]:
    """What is only counted contacts nobody and goes to nobody."""
    for name, purpose in document.purposes.items():
        for key in ("channels", "recipients", "direct_marketing"):
            if purpose.aggregates_only and getattr(purpose, key):
                yield Fault(("purposes", name, key), f"purpose {name}: aggregates contact nobody and go to nobody")


@requires("R-9-1", "Art. 9(1), (2) GDPR")
def special_fields_have_a_condition(document: PolicyDocument) -> Iterator[Fault]:
    """Art. 6 alone never carries a special category."""
    for name, purpose in document.purposes.items():
        for part, category, field in _mentioned(purpose):
            declared = document.fields.get(field)
            if declared is not None and declared.special and purpose.condition(field) is None:
                at = ("purposes", name, part, category)
                yield Fault(at, f"purpose {name}: {field} needs an Art. 9(2) condition")


@requires("R-9-2", "Art. 5(1)(b), 6(4) GDPR")
def derived_data_inherits_its_inputs(document: PolicyDocument) -> Iterator[Fault]:
    """Whoever may not read what an estimate was made of may not read the estimate."""
    for name, purpose in document.purposes.items():
        for category, fields in purpose.fields.items():
            for field in fields:
                if missing := sorted(document.made_of(field, received=False) - purpose.allowed):
                    what = f"{field} is derived from {', '.join(missing)}, which this purpose may not read"
                    yield Fault(("purposes", name, "fields", category), f"purpose {name}: {what}")


@requires("R-22-1", "Art. 4(4), 15(1)(h) GDPR, C-203/22")
def models_say_what_they_do(document: PolicyDocument) -> Iterator[Fault]:
    """A model writes an estimate, for a purpose that reads it, from what that purpose reads and the estimate names."""
    for name, model in document.score_models.items():
        field, purpose = document.fields.get(model.field), document.purposes.get(model.purpose)
        at = ("score_models", name)
        if field is not None and not field.scored:
            yield Fault((*at, "field"), f"score model {name}: {model.field} is no estimate")
        if purpose is not None and model.field not in purpose.allowed:
            yield Fault((*at, "purpose"), f"score model {name}: {model.purpose} does not read {model.field}")
        inputs = inputs_of(document.fields, model)
        if purpose is not None and (unread := sorted(inputs & document.fields.keys() - purpose.allowed)):
            what = f"{model.purpose} does not read {', '.join(unread)}, so it works with nothing of it"
            yield Fault((*at, "inputs"), f"score model {name}: {what}")
        if field is not None and field.derived_from:
            differing = inputs ^ frozenset(field.derived_from)
            if differing:
                what = f"{model.field} is derived from other fields than its inputs: {', '.join(sorted(differing))}"
                yield Fault((*at, "inputs"), f"score model {name}: {what}")


@requires("R-5.1e-1", "Art. 5(1)(e), 30(1)(c), (f) GDPR")
def events_have_one_field(document: PolicyDocument) -> Iterator[Fault]:
    """What happened is kept in one place, under one category and one period."""
    held: dict[EventKind, str] = {}
    for name, field in document.fields.items():
        if field.event is not None and (other := held.setdefault(field.event, name)) != name:
            at = ("fields", name, "event")
            yield Fault(at, f"field {name}: events of kind {field.event} are kept in {other} already")


@requires("R-26/28-1", "Art. 44-46 GDPR")
def third_countries_have_an_instrument(document: PolicyDocument) -> Iterator[Fault]:
    """No data outside the EEA without an adequacy decision or a safeguard."""
    for code, recipient in document.recipients.items():
        at = ("recipients", code, "country")
        if recipient.third_country != (recipient.country not in WITHOUT_INSTRUMENT):
            yield Fault(at, f"recipient {code}: third_country contradicts country {recipient.country}")
        elif recipient.third_country and recipient.transfer is None:
            yield Fault(at, f"recipient {code}: {recipient.country} needs a transfer instrument")
        elif _is_adequate(recipient) and recipient.country not in WITH_A_DECISION:
            at = ("recipients", code, "transfer")
            yield Fault(at, f"recipient {code}: there is no adequacy decision for {recipient.country}")


def _name(written: str) -> str:
    """A name however it is written: with other blanks or letters of another size it is the same person's."""
    return " ".join(unicodedata.normalize("NFKC", written).casefold().split())


def _is_adequate(recipient: Recipient) -> bool:
    return recipient.transfer is not None and recipient.transfer.instrument == "adequacy"


def _is_duty_or_claim(purpose: Purpose) -> bool:
    """Whether a law orders it, or a claim does that each read names; advertising is neither, whatever it names."""
    ordered = purpose.articles == {LegalBasis.LEGAL_OBLIGATION} or purpose.case_reference == "required"
    return ordered and not purpose.direct_marketing


def _mentioned(purpose: Purpose) -> Iterator[tuple[str, Category, str]]:
    """Every field the purpose reads or collects, with the part and category under which it stands."""
    for part in ("fields", "collects"):
        for category, fields in getattr(purpose, part).items():
            for field in fields:
                yield part, category, field


LAWS: tuple[Check[PolicyDocument], ...] = (
    purpose_is_expressed,
    basis_per_category,
    contract_rests_on_something,
    no_marketing_on_contract_or_duty,
    interest_is_assessed,
    only_consent_is_explicit,
    consent_ends_by_withdrawal,
    interest_can_be_objected_to,
    names_its_notice,
    profiling_is_assessed,
    profiling_is_explicit,
    advertising_by_estimates_is_profiling,
    evidence_serves_duties_and_claims,
    only_duties_reach_everything,
    advertising_looks_back_with_an_end,
    aggregates_reach_nobody,
    special_fields_have_a_condition,
    derived_data_inherits_its_inputs,
    models_say_what_they_do,
    events_have_one_field,
    third_countries_have_an_instrument,
)
