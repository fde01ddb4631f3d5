"""Every name a policy document mentions is declared in it, and fields stand in their own category.

Legal: GDPR Art. 5(2), Art. 30.
"""

from collections.abc import Iterator, Mapping

from policies.declared import PolicyDocument
from policies.findings import Finding, Path
from policies.vocabulary import Category

Declared = Mapping[str, frozenset[str]]


def findings(document: PolicyDocument, declared: Declared) -> Iterator[Finding]:
    """Every name that leads nowhere.

    Args:
        document: the parts whose form is right.
        declared: the names the file declares, by section, of right form or not.
    """
    for path, message in _dangling(document, declared):
        yield Finding(document.line(*path), "", message)


def _dangling(document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    for name in document.fields:
        yield from _of_field(name, document, declared)
    for name in document.purposes:
        yield from _of_purpose(name, document, declared)
        yield from _fields_of_purpose(name, document, declared)
    for code in document.clients:
        yield from _of_client(code, document, declared)
    for name in document.score_models:
        yield from _of_model(name, document, declared)
    for code, role in document.roles.items():
        for purpose in role.purposes:
            if purpose not in declared["purposes"]:
                yield ("roles", code, "purposes"), f"role {code}: purpose {purpose} is not declared"


def _of_field(name: str, document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    field = document.fields[name]
    if field.retention not in declared["retention"]:
        at = ("fields", name, "retention")
        yield at, f"field {name}: retention class {field.retention} is not declared (Art. 5(1)(e) GDPR; R-5.1e-1)"
    for source in field.derived_from:
        if source not in declared["fields"]:
            yield ("fields", name, "derived_from"), f"field {name}: field {source} is not declared"
    if field.obtained_from is not None and field.obtained_from not in declared["recipients"]:
        at = ("fields", name, "obtained_from")
        yield at, f"field {name}: recipient {field.obtained_from} is not declared"


def _fields_of_purpose(name: str, document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    purpose = document.purposes[name]
    for part in ("fields", "collects"):
        for category, fields in getattr(purpose, part).items():
            for field in fields:
                known = document.fields.get(field)
                if field not in declared["fields"] or (known is not None and known.category is not category):
                    at = ("purposes", name, part, category)
                    yield at, f"purpose {name}: field {field} in {category} is not declared"


def _of_purpose(name: str, document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    purpose = document.purposes[name]
    for field in purpose.special:
        if field != "*" and field not in purpose.collectable:
            yield ("purposes", name, "special", field), f"purpose {name}: field {field} is not declared for it"
    for source in sorted(purpose.sources):
        if source not in declared["purposes"]:
            yield ("purposes", name, "compatible_from"), f"purpose {name}: purpose {source} is not declared"
    for recipient in purpose.recipients:
        if recipient not in declared["recipients"]:
            yield ("purposes", name, "recipients"), f"purpose {name}: recipient {recipient} is not declared"


def _of_client(code: str, document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    client = document.clients[code]
    at = ("clients", code)
    if client.recipient is not None and client.recipient not in declared["recipients"]:
        yield at, f"client {code}: recipient {client.recipient} is not declared"
    for purpose_id in client.purposes:
        if purpose_id not in declared["purposes"]:
            yield at, f"client {code}: purpose {purpose_id} is not declared"
        purpose = document.purposes.get(purpose_id)
        if purpose is not None and client.recipient is not None and client.recipient not in purpose.recipients:
            yield at, f"client {code}: {client.recipient} is no recipient of {purpose_id} (R-15.1c-1)"
    for purpose_id in client.budget:
        if purpose_id not in client.purposes:
            yield (*at, "budget"), f"client {code}: purpose {purpose_id} is not declared for it"


def _of_model(name: str, document: PolicyDocument, declared: Declared) -> Iterator[tuple[Path, str]]:
    model = document.score_models[name]
    at = ("score_models", name)
    if model.field not in declared["fields"]:
        yield (*at, "field"), f"score model {name}: field {model.field} is not declared"
    if model.purpose not in declared["purposes"]:
        yield (*at, "purpose"), f"score model {name}: purpose {model.purpose} is not declared"
    for source in model.inputs:
        if source not in declared["fields"] and source not in set(Category):
            yield (*at, "inputs"), f"score model {name}: {source} is neither a declared field nor a category"
