"""The record of processing activities, made from the policy document alone: as data, as a table, as a page.

One activity is one purpose in force. Nothing is kept beside the document, so the record cannot differ from what is
decided; the digest says which document it was made from.

Legal: GDPR Art. 30(1)(a)-(g), (3), (4); R-30-1.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from policies.declared import PolicyDocument
from policies.forms import Words
from policies.parties import Recipient
from policies.purposes import Purpose
from policies.vocabulary import Category
from policies.wording import (
    BASES,
    CATEGORIES,
    EXPLICIT,
    INSTRUMENTS,
    RECIPIENT_ROLES,
    Language,
    say,
    say_country,
)

COLUMNS: Mapping[str, Words] = {
    "controller": Words(de="Verantwortlicher (a)", en="Controller (a)"),
    "purpose": Words(de="Zweck (b)", en="Purpose (b)"),
    "basis": Words(de="Rechtsgrundlage", en="Legal basis"),
    "people": Words(de="Betroffene (c)", en="Data subjects (c)"),
    "data": Words(de="Daten (c)", en="Data (c)"),
    "recipients": Words(de="Empfänger (d)", en="Recipients (d)"),
    "transfers": Words(de="Drittländer (e)", en="Third countries (e)"),
    "erasure": Words(de="Löschfristen (f)", en="Time limits for erasure (f)"),
    "measures": Words(de="Schutzmaßnahmen (g)", en="Security measures (g)"),
}
_NONE = Words(de="keine", en="none")
_TITLE = Words(de="Verzeichnis von Verarbeitungstätigkeiten", en="Record of processing activities")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #767676;padding:.4rem .6rem;text-align:left;vertical-align:top}"
)


def record(document: PolicyDocument) -> dict[str, Any]:
    """The record as plain data, every text in both languages.

    Returns:
        Mappings, lists and texts only; days as ISO 8601.
    """
    head = document.policy
    return {
        "law": "GDPR Art. 30(1)",
        "policy": {
            "id": head.id,
            "version": head.version,
            "valid_from": head.valid_from.isoformat(),
            "sha256": document.digest,
        },
        "controller": head.controller.model_dump(mode="json"),
        "activities": [_activity(document, name, purpose) for name, purpose in document.in_force()],
        "security_measures": [measure.model_dump() for measure in head.security_measures],
    }


def as_json(document: PolicyDocument) -> str:
    """The record as JSON, indented, UTF-8 characters as they are, ended by a line feed."""
    return json.dumps(record(document), ensure_ascii=False, indent=2) + "\n"


def as_csv(document: PolicyDocument, language: Language) -> str:
    """The record as comma-separated values with a heading line: one activity a line, CRLF, as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([say(title, language) for title in COLUMNS.values()])
    for row in _rows(document, language):
        writer.writerow([_inert(row[column]) for column in COLUMNS])
    return out.getvalue()


def as_html(document: PolicyDocument, language: Language) -> str:
    """The record as one page without scripts or anything from elsewhere."""
    head, controller = document.policy, document.policy.controller
    title = f"{say(_TITLE, language)} · {controller.name}"
    cells = "".join(f'<th scope="col">{escape(say(words, language))}</th>' for words in COLUMNS.values())
    body = "".join(
        "<tr>" + "".join(f"<td>{_lines(row[column])}</td>" for column in COLUMNS) + "</tr>\n"
        for row in _rows(document, language)
    )
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n"
        f"<p>{escape(head.id)} {escape(head.version)}, {head.valid_from.isoformat()}, SHA-256 {document.digest}</p>\n"
        f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</html>\n"
    )


def _activity(document: PolicyDocument, name: str, purpose: Purpose) -> dict[str, Any]:
    recipients = {code: document.recipients[code] for code in purpose.recipients}
    return {
        "purpose": name,
        "title": purpose.title.model_dump(),
        "dpv": purpose.dpv,
        "state": purpose.state,
        "legal_bases": [
            {"category": category.value, "article": basis.article.value, "explicit": basis.explicit, "why": basis.why}
            for category, basis in purpose.basis.items()
        ],
        "impact_assessment": purpose.dpia.ref if purpose.dpia else None,
        "data_subjects": purpose.people.model_dump(),
        "data": [
            {
                "category": category.value,
                "title": CATEGORIES[category].model_dump(),
                "fields": [_field(document, field) for field in fields],
            }
            for category, fields in _used(purpose).items()
        ],
        "recipients": [{"code": code, **one.model_dump(mode="json")} for code, one in recipients.items()],
        "transfers": [
            {
                "recipient": code,
                "country": one.country,
                "safeguard": one.transfer.model_dump(mode="json") if one.transfer else "Art. 45 GDPR",
            }
            for code, one in recipients.items()
            if one.outside_eea
        ],
    }


def _field(document: PolicyDocument, name: str) -> dict[str, Any]:
    field = document.fields[name]
    kept = document.retention[field.retention]
    return {
        "field": name,
        "title": field.title.model_dump(),
        "dpv": field.dpv,
        "special": field.special,
        "erasure": {"class": field.retention, "period": kept.period, "starts": kept.starts, "why": kept.why},
    }


def _used(purpose: Purpose) -> Mapping[Category, tuple[str, ...]]:
    """What the purpose reads or collects; a category without a field of its own stands with none."""
    return {
        category: tuple(dict.fromkeys((*purpose.fields.get(category, ()), *purpose.collects.get(category, ()))))
        for category in purpose.basis
    }


def _rows(document: PolicyDocument, language: Language) -> Iterator[Mapping[str, str]]:
    head = document.policy
    controller = head.controller
    named = [controller.name, controller.address, controller.contact, controller.data_protection_officer]
    named += [one for one in (controller.representative, *controller.joint_controllers) if one]
    measures = "\n".join(say(measure, language) for measure in head.security_measures)
    for name, purpose in document.in_force():
        recipients = [document.recipients[code] for code in purpose.recipients]
        yield {
            "controller": "\n".join(named),
            "purpose": f"{say(purpose.title, language)} ({name})",
            "basis": "\n".join(_bases(purpose, language)),
            "people": say(purpose.people, language),
            "data": "\n".join(_data(document, purpose, language)),
            "recipients": "\n".join(_recipient(one, language) for one in recipients) or say(_NONE, language),
            "transfers": "\n".join(_transfer(one, language) for one in recipients if one.outside_eea)
            or say(_NONE, language),
            "erasure": "\n".join(_erasure(document, purpose, language)) or say(_NONE, language),
            "measures": measures,
        }


def _bases(purpose: Purpose, language: Language) -> Iterator[str]:
    for category, basis in purpose.basis.items():
        words = EXPLICIT if basis.explicit else BASES[basis.article]
        yield f"{say(CATEGORIES[category], language)}: {say(words, language)}"


def _data(document: PolicyDocument, purpose: Purpose, language: Language) -> Iterator[str]:
    for category, fields in _used(purpose).items():
        titles = ", ".join(say(document.fields[field].title, language) for field in fields)
        yield f"{say(CATEGORIES[category], language)}: {titles or say(_NONE, language)}"


def _recipient(recipient: Recipient, language: Language) -> str:
    country = say_country(recipient.country, outside_eea=recipient.outside_eea, language=language)
    return f"{recipient.name}, {recipient.address}, {country}: {say(RECIPIENT_ROLES[recipient.role], language)}"


def _transfer(recipient: Recipient, language: Language) -> str:
    kind = recipient.transfer.instrument if recipient.transfer else "adequacy"
    reference = f", {recipient.transfer.ref}" if recipient.transfer else ""
    return f"{recipient.name}, {recipient.country}: {say(INSTRUMENTS[kind], language)}{reference}"


def _erasure(document: PolicyDocument, purpose: Purpose, language: Language) -> Iterator[str]:
    used = [field for fields in _used(purpose).values() for field in fields]
    for code in dict.fromkeys(document.fields[field].retention for field in used):
        yield say(document.retention[code].title, language)


def _lines(cell: str) -> str:
    """The lines of a cell as a page shows them."""
    return escape(cell).replace("\n", "<br>")


def _inert(cell: str) -> str:
    """No cell starts a formula when a spreadsheet opens the table."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
