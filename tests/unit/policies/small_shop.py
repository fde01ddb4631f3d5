"""A small lawful shop that passes every gate, its texts, and ways to break one thing at a time."""

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import date
from functools import cache

from policies.documents import Client, FieldPart, PolicyDocument, PolicyDocumentError, Purpose, Recipient, parse
from policies.findings import Check, Fault, Finding
from policies.gates import Existing, check
from policies.gates.activation import Activation
from policies.notices import NoticeKind, NoticeText
from policies.vocabulary import PurposeId

SHOP = """\
policy:
  id: small-shop
  version: "1"
  valid_from: "2026-11-01"
  controller:
    name: Kleiner Laden
    address: Gasse 1, 20095 Hamburg
    contact: laden@example.com
    data_protection_officer: dsb@example.com
    supervisory_authority: HmbBfDI
  author: Author
  legal_review: {by: Lawyer, date: "2026-10-01", result: no_objection}
  dpo_opinion: {by: Officer, date: "2026-10-02", result: no_objection}
  decided_by: Owner
retention:
  plain: {period: P5Y, starts: relationship_end, why: "§ 195 BGB", title: {de: Daten, en: data}}
fields:
  email: {category: master, retention: plain, title: {de: E-Mail, en: e-mail}, dpv: pd:EmailAddress}
  phone: {category: master, retention: plain, title: {de: Telefon, en: telephone}, dpv: pd:TelephoneNumber}
  clicks: {category: behavioural, retention: plain, title: {de: Klicks, en: clicks}, dpv: pd:LinkClicked}
  guess: {category: score, retention: plain, estimate: yes, derived_from: [clicks], title: {de: Tipp, en: tip}, dpv: x}
  proof: {category: evidence, retention: plain, event: consent_evidence, title: {de: Beleg, en: proof}, dpv: y}
recipients:
  carrier: {name: Bote, address: Weg 2, country: DE, role: controller}
  sender: {name: Versender, address: Weg 3, country: DE, role: processor, contract: AVV-1, contract_until: "2028-01-01"}
purposes:
  orders:
    title: {de: Bestellungen, en: orders}
    dpv: dpv:CustomerOrderManagement
    state: active
    basis:
      master: {article: A6-1-b, why: the contract, rests_on: [contract]}
    fields: {master: [email, phone]}
    objection: not_applicable
    recipients: [carrier]
  news:
    title: {de: Neuigkeiten, en: news}
    dpv: dpv:DirectMarketing
    state: active
    basis:
      master: {article: A6-1-a, why: asked first}
    fields: {master: [email]}
    direct_marketing: yes
    channels: [email]
    minimum_age: 16
    objection: withdraws_consent
    notice: news_consent
    recipients: [sender]
  letters:
    title: {de: Briefe, en: letters}
    dpv: dpv:DirectMarketing
    state: active
    basis:
      master: {article: A6-1-f, why: own customers}
    fields: {master: [phone]}
    direct_marketing: yes
    channels: [post]
    objection: absolute
    notice: privacy
    lia: {ref: IA-1, interest: {de: Werben, en: To advertise}, necessity: little, balancing: fair, opt_out: always,
          approved_on: "2026-10-01", review_on: "2028-10-01"}
  tips:
    title: {de: Tipps, en: tips}
    dpv: dpv:ProvideProductRecommendations
    state: active
    basis:
      behavioural: {article: A6-1-a, explicit: yes, why: named in the consent}
      score: {article: A6-1-a, explicit: yes, why: named in the consent}
    fields: {behavioural: [clicks], score: [guess]}
    look_back: {behavioural: P24M, score: P6M}
    profiling: yes
    minimum_age: 18
    objection: withdraws_consent
    dpia: {ref: DSFA-1, approved_on: "2026-10-01", review_on: "2028-10-01"}
    notice: tips_consent
  proofs:
    title: {de: Belege, en: proofs}
    dpv: dpv:LegalCompliance
    state: active
    basis:
      evidence: {article: A6-1-c, why: Art. 7(1) GDPR}
    fields: {evidence: [proof]}
    objection: not_applicable
score_models:
  guesser:
    {title: {de: Rater, en: guesser}, field: guess, purpose: tips, version: "1", inputs: [clicks],
     method: {de: zählt Klicks, en: counts clicks}, effect: none, decision_mode: assistive, owner: author}
clients:
  till: {title: {de: Kasse, en: till}, purposes: [orders, news, letters, tips]}
  office: {title: {de: Kontor, en: office}, purposes: [proofs]}
"""
ALL = ("orders", "news", "letters", "tips", "proofs")
ON = date(2026, 11, 21)
Edit = tuple[str, str]


def edited(*edits: Edit, source: str = SHOP) -> str:
    """The shop's document with passages changed, each of which stands there once."""
    for old, new in edits:
        assert source.count(old) == 1, f"{old!r} must stand there once"
        source = source.replace(old, new)
    return source


@cache
def shop(*edits: Edit) -> PolicyDocument:
    """The shop's document, read once for each way it is changed."""
    return parse(edited(*edits).encode())


# What the registry needs for itself, beside what a document is about: it differs with the fields of the document.
OWN_FIELDS = """\
  wishes: {category: evidence, retention: plain, event: request_wish, title: {de: Antrag, en: wish}, dpv: z}
  answers: {category: evidence, retention: plain, event: request_answer, title: {de: Antwort, en: answer}, dpv: z}
"""
OWN_PURPOSE = """\
  {name}:
    title: {{de: Eigenes, en: own}}
    dpv: dpv:LegalCompliance
    state: active
    basis:
{basis}
    fields: {{{fields}}}
    special: {{"*": A9-2-f}}
    objection: not_applicable
    while_restricted: yes
    from_any_purpose: yes
"""
OWN_CLIENTS = """\
  portal: {title: {de: Portal, en: portal}, purposes: [data_subject_request]}
  console: {title: {de: Konsole, en: console}, purposes: [data_subject_request, privacy_control]}
  registry: {title: {de: Register, en: registry}, purposes: [data_subject_request, privacy_control, consent_proof]}
"""
OWN = ("data_subject_request", "privacy_control", "consent_proof")


def _own_purpose(name: str, reads: dict[str, list[str]]) -> str:
    basis = "\n".join(f"      {one}: {{article: A6-1-c, why: Art. 15 GDPR}}" for one in reads or ["evidence"])
    fields = ", ".join(f"{category}: [{', '.join(names)}]" for category, names in reads.items())
    return OWN_PURPOSE.format(name=name, basis=basis, fields=fields)


@cache
def completed(source: str) -> str:
    """A document that can be read, with the purposes and clients that the registry itself works under."""
    reads: dict[str, list[str]] = {"evidence": ["wishes", "answers"]}
    for name, field in parse(source.encode()).fields.items():
        reads.setdefault(field.category, []).append(name)
    proofs = {"evidence": ["proof"]} if "proof" in reads["evidence"] else {}
    own = [_own_purpose(name, kept) for name, kept in zip(OWN, (reads, {}, proofs), strict=True)]
    for section, more in (("fields", OWN_FIELDS), ("purposes", "".join(own)), ("clients", OWN_CLIENTS)):
        source = source.replace(f"\n{section}:\n", f"\n{section}:\n{more}", 1)
    return source


def with_purpose(document: PolicyDocument, name: str, **changes: object) -> PolicyDocument:
    """The document with one purpose changed, lawful or not."""
    # A copy would carry over what the purpose has worked out from its fields already.
    held = {key: getattr(document.purposes[name], key) for key in Purpose.model_fields}
    purpose = Purpose.model_construct(**held | changes)
    return document.model_copy(update={"purposes": {**document.purposes, name: purpose}})


def with_field(document: PolicyDocument, name: str, **changes: object) -> PolicyDocument:
    """The document with one field changed, lawful or not."""
    field: FieldPart = document.fields[name].model_copy(update=changes)
    return document.model_copy(update={"fields": {**document.fields, name: field}})


def with_recipient(document: PolicyDocument, code: str, **changes: object) -> PolicyDocument:
    """The document with one recipient changed, lawful or not."""
    recipient: Recipient = document.recipients[code].model_copy(update=changes)
    return document.model_copy(update={"recipients": {**document.recipients, code: recipient}})


def with_client(document: PolicyDocument, code: str, **changes: object) -> PolicyDocument:
    """The document with one client changed, lawful or not."""
    client: Client = document.clients[code].model_copy(update=changes)
    return document.model_copy(update={"clients": {**document.clients, code: client}})


def faults(
    gate: Check[Activation],
    document: PolicyDocument,
    shown: tuple[NoticeText, ...] | None = None,
    before: PolicyDocument | None = None,
    existing: Existing | None = None,
) -> list[Fault]:
    """What one gate alone holds against a document."""
    shown = texts() if shown is None else shown
    return list(gate.faults(Activation(document, before, existing or Existing(ON), shown)))


def text(
    notice: str,
    purposes: Iterable[str],
    language: str,
    version: str = "1",
    kind: NoticeKind = NoticeKind.CONSENT_TEXT,
    words: str = "Kleiner Laden, Versender, Bote",
) -> NoticeText:
    digest = hashlib.sha256(words.encode()).hexdigest()
    return NoticeText(notice, version, language, kind, tuple(PurposeId(one) for one in purposes), words, digest)


def texts(
    purposes: Iterable[str] = ALL, version: str = "1", words: str = "Kleiner Laden, Versender, Bote"
) -> tuple[NoticeText, ...]:
    """Every text of the shop in both languages; the privacy notice names `purposes`."""
    named = tuple(purposes)
    return tuple(
        one
        for language in ("de", "en")
        for one in (
            text("privacy", named, language, kind=NoticeKind.PRIVACY_NOTICE),
            text("news_consent", ["news"], language, version, words=f"{words} {version}"),
            text("tips_consent", ["tips"], language, version, words=f"Kleiner Laden {version}"),
        )
    )


def findings(
    source: str,
    shown: tuple[NoticeText, ...] | None = None,
    before: PolicyDocument | None = None,
    existing: Existing | None = None,
    own: tuple[Edit, ...] = (),
) -> tuple[Finding, ...]:
    """What stands against a document completed by what the registry needs, found at reading or by a gate.

    `own` are edits of the completed document.
    """
    try:
        document = parse(edited(*own, source=completed(source)).encode())
    except PolicyDocumentError as error:
        return error.findings
    shown = tuple(
        dataclasses.replace(one, purposes=(*one.purposes, *map(PurposeId, OWN)))
        if one.kind is NoticeKind.PRIVACY_NOTICE
        else one
        for one in (texts() if shown is None else shown)
    )
    return check(document, before, existing or Existing(ON), shown)
