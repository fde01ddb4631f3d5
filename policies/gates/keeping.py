"""Gates of keeping and passing on: periods with a ground in law, contracts that still run, nothing kept for nobody.

Legal: GDPR Art. 5(1)(c), (e), 26, 28(3), 46; § 147 AO, § 257 HGB; R-DEL-1, R-DE-RET-1, R-26/28-1.
"""

import re
from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.vocabulary import Category

_LAW = re.compile(r"§|Art\.")


@requires("R-DEL-1", "Art. 5(1)(e), (2) GDPR")
def periods_name_their_law(seen: Activation) -> Iterator[Fault]:
    """A period is a conclusion from a law, and the law is named."""
    for name, retention in seen.document.retention.items():
        if not _LAW.search(retention.why):
            yield Fault(("retention", name), f"retention class {name}: why names no article and no section")


@requires("R-DE-RET-1", "§ 147(4) AO, § 257(5) HGB, Art. 17(3)(b) GDPR")
def duties_of_bookkeeping_start_with_the_year(seen: Activation) -> Iterator[Fault]:
    """What the tax code orders to keep runs from the end of the calendar year."""
    for name, retention in seen.document.retention.items():
        if retention.obligation and "147" in retention.why and retention.starts != "year_end":
            at = ("retention", name, "starts")
            yield Fault(at, f"retention class {name}: its period starts with the end of the calendar year")


@requires("R-26/28-1", "Art. 26(1), 28(3), 46 GDPR")
def contracts_still_run(seen: Activation) -> Iterator[Fault]:
    """Processors and joint controllers have a contract, transfers an instrument, and neither has run out."""
    on = seen.existing.on
    used = {code for _, purpose in seen.document.in_force() for code in purpose.recipients}
    for code in sorted(used):
        recipient = seen.document.recipients[code]
        at = ("recipients", code)
        if recipient.role in {"processor", "joint"} and not recipient.contract:
            yield Fault(at, f"recipient {code}: a {recipient.role} has a contract")
        if recipient.contract_until is not None and recipient.contract_until < on:
            yield Fault((*at, "contract_until"), f"recipient {code}: its contract ended on {recipient.contract_until}")
        if recipient.transfer is not None and recipient.transfer.until is not None and recipient.transfer.until < on:
            yield Fault((*at, "transfer"), f"recipient {code}: its instrument ended on {recipient.transfer.until}")


@requires("R-5.1c-1", "Art. 5(1)(c), 25(2) GDPR")
def every_field_is_needed(seen: Activation) -> Iterator[Fault]:
    """A field that no purpose in force reads or collects is kept for nobody.

    A purpose that reads everything, as answering the people themselves does, proves no need of anything but evidence.
    """
    fields = seen.document.fields
    evidence = {name for name, field in fields.items() if field.category is Category.EVIDENCE}
    needed: set[str] = set()
    for _, purpose in seen.document.in_force():
        reads_everything = bool(evidence) and purpose.allowed.issuperset(fields.keys() - evidence)
        needed |= purpose.collectable & evidence if reads_everything else purpose.collectable
    for name in fields:
        if name not in needed:
            yield Fault(("fields", name), f"field {name}: no purpose in force needs it")


@requires("R-5.1e-1", "Art. 5(1)(e), 30(1)(c) GDPR")
def what_is_stored_is_declared(seen: Activation) -> Iterator[Fault]:
    """A value on file has a category and a period, and stays where it is found: under its key, as value or event."""
    for name in sorted(seen.existing.stored):
        declared = seen.document.fields.get(name)
        was = seen.before.fields.get(name) if seen.before else None
        if declared is None:
            what = "values of it are on file, and without a declaration they have neither category nor period"
            yield Fault(("fields",), f"field {name}: {what}")
        elif was is not None and was.category is not declared.category:
            at = ("fields", name, "category")
            yield Fault(at, f"field {name}: values of it are on file under {was.category}; make it a new field")
        elif was is not None and was.event is not declared.event:
            held = f"events of kind {was.event}" if was.event else "values that are no events"
            yield Fault(("fields", name), f"field {name}: {held} of it are on file; make it a new field")


GATES: tuple[Check[Activation], ...] = (
    periods_name_their_law,
    duties_of_bookkeeping_start_with_the_year,
    contracts_still_run,
    every_field_is_needed,
    what_is_stored_is_declared,
)
