"""The policy document: what the controller decided about purposes, parsed strictly and never interpreted.

Everything that is not written in the document is refused, and so is what the law refuses. All findings of a file are
reported at once, each with its line: form first, then references and laws for every part whose form is right.

Legal: GDPR Art. 5(1)(b), Art. 6, Art. 24, Art. 30.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from policies import laws, references
from policies.declared import PolicyDocument
from policies.findings import Finding, Path, PolicyDocumentError, line_of
from policies.forms import Part, Words
from policies.holdings import FieldPart, RetentionClass
from policies.parties import Budget, Client, ConsoleRole, Head, Recipient, Transfer
from policies.purposes import Basis, Compatible, ImpactAssessment, LegitimateInterest, Purpose
from policies.score_models import ScoreModel
from policies.yaml_source import Source, Tree, read

__all__ = [
    "Basis",
    "Budget",
    "Client",
    "Compatible",
    "FieldPart",
    "Head",
    "ImpactAssessment",
    "LegitimateInterest",
    "PolicyDocument",
    "PolicyDocumentError",
    "Purpose",
    "Recipient",
    "RetentionClass",
    "ScoreModel",
    "Transfer",
    "Words",
    "load",
    "parse",
]

MAXIMUM_DOCUMENT_BYTES = 1_048_576
SECTIONS: Mapping[str, type[Part]] = {
    "retention": RetentionClass,
    "fields": FieldPart,
    "recipients": Recipient,
    "purposes": Purpose,
    "clients": Client,
    "roles": ConsoleRole,
    "score_models": ScoreModel,
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OPTIONAL = frozenset({"roles", "score_models"})
# What the law asks for where a key is missing.
_ASKED_BY = {
    "retention": "Art. 5(1)(e) GDPR; R-5.1e-1",
    "category": "Art. 30(1)(c) GDPR; R-6.1-1",
    "basis": "Art. 6(1) GDPR; R-6.1-1",
    "article": "Art. 6(1) GDPR; R-6.1-1",
    "why": "Art. 5(2) GDPR; R-DEL-1",
    "starts": "Art. 5(1)(e) GDPR; R-DEL-1",
    "period": "Art. 5(1)(e) GDPR; R-DEL-1",
    "title": "Art. 12(1) GDPR; R-12.1-1",
    "controller": "Art. 13(1)(a) GDPR; R-13-1",
    "contact": "Art. 13(1)(a) GDPR; R-13-1",
    "data_protection_officer": "Art. 13(1)(b) GDPR; R-13-1",
    "supervisory_authority": "Art. 13(2)(d) GDPR; R-13-1",
    "dpo_opinion": "Art. 38(1) GDPR; R-38-1",
    "decided_by": "Art. 24 GDPR; R-38-1",
    "role": "Art. 26, 28 GDPR; R-26/28-1",
    "address": "Art. 15(1)(c) GDPR; R-15.1c-1",
    "name": "Art. 13(1)(a), 15(1)(c) GDPR; R-13-1, R-15.1c-1",
    "country": "Art. 15(1)(c), 30(1)(e), 44 GDPR; R-26/28-1",
    "legal_review": "Art. 24 GDPR; R-38-1",
    "state": "Art. 5(1)(b) GDPR; R-5.1b-1",
    "fields": "Art. 5(1)(c), 25(2) GDPR; R-5.1c-1",
    "objection": "Art. 21 GDPR; R-21.1-1",
    "interest": "Art. 13(1)(d) GDPR; R-6.1f-1",
    "necessity": "Art. 6(1)(f) GDPR; R-6.1f-1",
    "balancing": "Art. 6(1)(f) GDPR; R-6.1f-1",
    "opt_out": "Art. 21 GDPR; R-6.1f-1",
    "method": "Art. 13(2)(f), 15(1)(h) GDPR; R-22-1",
    "inputs": "Art. 13(2)(f), 15(1)(h) GDPR; R-22-1",
    "effect": "Art. 22(1) GDPR; R-22-1",
    "decision_mode": "Art. 22(1) GDPR; R-22-1",
}


@lru_cache(maxsize=16)
def parse(source: bytes, name: str = "") -> PolicyDocument:
    """Parse and validate one document.

    Args:
        source: the file's bytes, UTF-8, at most 1 MiB.
        name: the file's name, for the messages.

    Returns:
        The document with `digest` set to the SHA-256 (hex) of the bytes.

    Raises:
        PolicyDocumentError: when it is too large, not UTF-8, not this shape, or asks what the law refuses.
    """
    try:
        return _parse(source)
    except PolicyDocumentError as error:
        if not name:
            raise
        raise PolicyDocumentError(*error.findings, name=name) from error


def load(path: FilePath) -> PolicyDocument:
    """Parse the document in a file; errors as `parse`, with the file's name."""
    return parse(path.read_bytes(), path.name)


def _parse(source: bytes) -> PolicyDocument:
    if len(source) > MAXIMUM_DOCUMENT_BYTES:
        raise PolicyDocumentError(Finding(0, "", f"larger than {MAXIMUM_DOCUMENT_BYTES} bytes"))
    content = read(source)
    reading = _Reading(content)
    head = reading.one("policy", Head)
    parts: dict[str, Any] = {section: reading.section(section, model) for section, model in SECTIONS.items()}
    reading.refuse_unknown()
    # Parts whose form is wrong are left out here, and reported already.
    parts |= {"policy": head, "digest": hashlib.sha256(source).hexdigest(), "lines": content.lines}
    document = PolicyDocument.model_construct(None, **parts)
    findings = [*reading.findings, *references.findings(document, reading.declared)]
    if head is not None:
        findings += laws.four_eyes.findings(document, content.lines)
    for law in laws.LAWS:
        findings += law.findings(document, content.lines)
    if findings:
        raise PolicyDocumentError(*findings)
    return document


class _Reading:
    """Validates the parts of a file one by one and keeps what is wrong with them."""

    def __init__(self, content: Source) -> None:
        self.findings: list[Finding] = []
        self.declared: dict[str, frozenset[str]] = {}
        self._tree = content.tree
        self._lines = content.lines

    def one(self, key: str, model: type[Part]) -> Any:  # noqa: ANN401 - an instance of `model`, or None
        if key not in self._tree:
            self._note((), f"{key}: Field required")
            return None
        return self._validated((key,), self._tree[key], model)

    def section(self, key: str, model: type[Part]) -> dict[str, Any]:
        raw = self._tree.get(key, {} if key in _OPTIONAL else None)
        self.declared[key] = frozenset(raw) if isinstance(raw, dict) else frozenset()
        if not isinstance(raw, dict):
            self._note((key,), f"{key}: {_asked('Field required', key)}" if raw is None else f"{key} is a mapping")
            return {}
        parts = {name: self._validated((key, name), part, model) for name, part in raw.items()}
        return {name: part for name, part in parts.items() if part is not None}

    def refuse_unknown(self) -> None:
        for key in self._tree.keys() - SECTIONS.keys() - {"policy"}:
            computed = key in {"digest", "lines"}
            self._note((key,), f"{key}: " + ("computed, never written" if computed else "nobody declared this part"))

    def _validated(self, path: Path, raw: Tree, model: type[Part]) -> Part | None:
        if not _NAME.fullmatch(path[-1]):
            self._note(path, f"{'.'.join(path)}: a name is lower-case letters, digits and _, at most 63")
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                at = (*path, *(str(part) for part in one["loc"] if part != "[key]"))
                self._note(at, f"{'.'.join(at)}: {_said(one, at[-1])}")
            return None

    def _note(self, path: Path, message: str) -> None:
        self.findings.append(Finding(line_of(path, self._lines) or 1, "", message))


def _said(error: ErrorDetails, key: str) -> str:
    """What is wrong, and the law that asks for what is missing; never what was written instead."""
    return _asked(error["msg"], key) if error["type"] == "missing" else error["msg"]


def _asked(message: str, key: str) -> str:
    law = _ASKED_BY.get(key)
    return f"{message} ({law})" if law else message
