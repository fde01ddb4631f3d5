"""The policy document as one page that a lawyer reads without knowing YAML.

Made from the document alone; `docs/purposes.md` is the page of the shipped catalogue. English, with German titles.

Legal: GDPR Art. 5(2), 12(1), 13, 24, 30.
"""

from collections.abc import Iterator

from policies.declared import PolicyDocument
from policies.forms import Words
from policies.matrix import matrix
from policies.parties import Recipient
from policies.purposes import Purpose
from policies.vocabulary import Category
from policies.wording import (
    BASES,
    CATEGORIES,
    CHANNELS,
    EXPLICIT,
    INSTRUMENTS,
    OBJECTIONS,
    RECIPIENT_ROLES,
    RELATIONSHIPS,
    STATES,
    say_period,
)


def page(document: PolicyDocument) -> str:
    """The whole page as Markdown, ended by one line feed; the same document makes the same page."""
    parts = (
        _head(document),
        _matrix(document),
        _purposes(document),
        _recipients(document),
        _retention(document),
        _fields(document),
        *([_models(document)] if document.score_models else []),
        _clients(document),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(document: PolicyDocument) -> Iterator[str]:
    head = document.policy
    yield "# Purposes"
    yield ""
    yield "Made from the policy document by `registry policy document`; change the document, not this page."
    yield ""
    yield f"- Controller: {head.controller.name}, {head.controller.address}, {head.controller.contact}"
    yield f"- Data protection officer: {head.controller.data_protection_officer}"
    yield f"- Supervisory authority: {head.controller.supervisory_authority}"
    yield f"- Document: {head.id}, version {head.version}, valid from {head.valid_from.isoformat()}"
    yield f"- Written by {head.author}; decided by {head.decided_by}"
    for name, review in (("Legal review", head.legal_review), ("Opinion of the DPO", head.dpo_opinion)):
        note = f": {review.note}" if review.note else ""
        yield f"- {name}: {review.by}, {review.date.isoformat()}, {review.result.replace('_', ' ')}{note}"


def _matrix(document: PolicyDocument) -> Iterator[str]:
    yield "## At a glance"
    yield ""
    yield "```text"
    yield from matrix(document)
    yield "```"


def explain(document: PolicyDocument, name: str) -> str:
    """One purpose as it stands on the page.

    Raises:
        KeyError: when the document declares no such purpose.
    """
    return "\n".join(_purpose(document, name)) + "\n"


def _purposes(document: PolicyDocument) -> Iterator[str]:
    yield "## Every purpose"
    for name in document.purposes:
        yield ""
        yield from _purpose(document, name)


def _purpose(document: PolicyDocument, name: str) -> Iterator[str]:
    purpose = document.purposes[name]
    yield f"### {purpose.title.en}"
    yield ""
    yield f"*{purpose.title.de}* · `{name}` · {STATES[purpose.state].en} · {purpose.people.en}"
    yield ""
    yield from _bases(document, purpose)
    for line in (*_limits(purpose), *_weighed(purpose), *_flows(document, name, purpose)):
        yield f"- {line}"


def _bases(document: PolicyDocument, purpose: Purpose) -> Iterator[str]:
    for category, basis in purpose.basis.items():
        rests = " or ".join(RELATIONSHIPS[kind].en for kind in basis.rests_on)
        words = (EXPLICIT if basis.explicit else BASES[basis.article]).en + (
            f", while a {rests} is open" if rests else ""
        )
        reads = ", ".join(document.fields[field].title.en for field in purpose.fields.get(category, ()))
        window = purpose.look_back.get(category)
        back = f", {say_period(window, 'en')} back" if window else ""
        yield f"- {CATEGORIES[category].en}: {reads or 'no field of its own'}{back}. Basis: {words}. {basis.why}"
        if collects := ", ".join(document.fields[field].title.en for field in purpose.collects.get(category, ())):
            yield f"- {CATEGORIES[category].en}, collected but not read: {collects}"


def _limits(purpose: Purpose) -> Iterator[str]:
    if purpose.channels:
        yield f"Contact by {', '.join(CHANNELS[channel].en for channel in purpose.channels)}"
    marks = {
        "direct_marketing": "advertising" + (" for others" if purpose.advertises_for == "third_party" else ""),
        "similar_goods": "similar goods only",
        "profiling": "profiling",
        "aggregates_only": "results about groups alone, no value of a single person",
        "while_restricted": "goes on under a restriction (Art. 18(2))",
        "from_any_purpose": "may use data collected for any purpose",
    }
    if held := [words for key, words in marks.items() if getattr(purpose, key)]:
        yield "; ".join(held).capitalize()
    if purpose.significant_decision:
        who = "a human decides" if purpose.human_review == "required" else "a machine may decide alone"
        named = f", exception of Art. 22(2): {purpose.adm_exception.replace('_', ' ')}" if purpose.adm_exception else ""
        yield f"Decides with significant effect (Art. 22): {who}{named}"
    if purpose.minimum_age:
        unknown = "counts as adult" if purpose.unknown_age == "adult" else "is refused"
        yield f"From {purpose.minimum_age} years; who did not tell an age {unknown}"
    if purpose.case_reference == "required":
        yield "Every read names its case"
    if purpose.budget:
        yield f"At most {purpose.budget.subjects_per_day} people a day and client"
    yield f"Objection: {OBJECTIONS[purpose.objection].en}"


def _weighed(purpose: Purpose) -> Iterator[str]:
    if lia := purpose.lia:
        approved = f"approved {lia.approved_on}, review {lia.review_on}" if lia.approved_on else "not approved"
        yield f"Legitimate interest ({lia.ref}, {approved}): {lia.interest.en}"
        yield f"Necessity: {lia.necessity}. Balancing: {lia.balancing}. Opting out: {lia.opt_out}"
    if dpia := purpose.dpia:
        approved = f"approved {dpia.approved_on}, review {dpia.review_on}" if dpia.approved_on else "not approved"
        yield f"Impact assessment {dpia.ref}, {approved}"
    for field, condition in purpose.special.items():
        named = "of every field" if field == "*" else field
        yield f"Special category {named}: Art. {condition[1]}(2)({condition[-1]}) GDPR"
    if purpose.notice:
        yield f"People are told in `{purpose.notice}`"
    if purpose.consent_texts:
        yield f"Only declarations on {', '.join(purpose.consent_texts)} count"


def _flows(document: PolicyDocument, name: str, purpose: Purpose) -> Iterator[str]:
    for source in purpose.compatible_from:
        told = (
            f"; assessed {source.assessed_on}, people informed from {source.informed_from}"
            if source.assessed_on
            else ""
        )
        yield f"May use what `{source.purpose}` collected: {source.assessment}{told}"
    if purpose.recipients:
        yield f"Goes to {', '.join(document.recipients[code].name for code in purpose.recipients)}"
    asking = [client.title.en for client in document.clients.values() if name in client.purposes]
    yield f"Asked for by {', '.join(asking) or 'nobody'}"


def _recipients(document: PolicyDocument) -> Iterator[str]:
    yield from _table("Recipients", ("Name", "Address", "Country", "Role", "Contract", "Transfer"))
    for one in document.recipients.values():
        until = f" until {one.contract_until.isoformat()}" if one.contract_until else ""
        contract = f"{one.contract}{until}" if one.contract else ""
        yield _row(one.name, one.address, one.country, RECIPIENT_ROLES[one.role].en, contract, _transfer(one))


def _transfer(recipient: Recipient) -> str:
    if recipient.transfer is None:
        return INSTRUMENTS["adequacy"].en if recipient.outside_eea else ""
    return f"{INSTRUMENTS[recipient.transfer.instrument].en}, {recipient.transfer.ref}"


def _retention(document: PolicyDocument) -> Iterator[str]:
    yield from _table("How long", ("Class", "Period", "Ground", "After an erasure"))
    for one in document.retention.values():
        yield _row(
            _titled(one.title), say_period(one.period, "en"), one.why, "kept for that duty" if one.obligation else ""
        )


def _fields(document: PolicyDocument) -> Iterator[str]:
    yield from _table("Every field", ("Field", "Title", "Category", "Kept as", "Remarks"))
    for category in Category:
        for name, field in document.fields.items():
            if field.category is category:
                remarks = [
                    f"special: {field.special}" if field.special else "",
                    "estimate" if field.estimate else "",
                    f"derived from {', '.join(field.derived_from)}" if field.derived_from else "",
                    f"from {document.recipients[field.obtained_from].name}" if field.obtained_from else "",
                ]
                said = "; ".join(one for one in remarks if one)
                kept = document.retention[field.retention].title.en
                yield _row(f"`{name}`", _titled(field.title), CATEGORIES[category].en, kept, said)


def _models(document: PolicyDocument) -> Iterator[str]:
    """How estimates come about, in the words that people are told (Art. 15(1)(h))."""
    yield from _table("Score models", ("Model", "Writes", "From", "How", "Effect", "Who decides"))
    for name, model in document.score_models.items():
        effect = f"{model.effect}, for `{model.purpose}`"
        who = {"assistive": "a human", "automated": "a machine alone"}[model.decision_mode]
        title = f"{_titled(model.title)} (`{name}`, version {model.version})"
        yield _row(title, f"`{model.field}`", ", ".join(model.inputs), model.method.en, effect, who)


def _clients(document: PolicyDocument) -> Iterator[str]:
    yield from _table("Who asks", ("System", "Purposes", "People a day"))
    for code, client in document.clients.items():
        limits = [f"{name} {limit}" for name in client.purposes if (limit := document.subjects_per_day(code, name))]
        yield _row(f"{_titled(client.title)} (`{code}`)", ", ".join(client.purposes), ", ".join(limits))
    for code, role in document.roles.items():
        yield _row(f"{_titled(role.title)} (role `{code}`)", ", ".join(role.purposes), "")


def _table(title: str, columns: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield _row(*columns)
    yield "|" + "---|" * len(columns)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _titled(words: Words) -> str:
    return f"{words.en} · {words.de}"
