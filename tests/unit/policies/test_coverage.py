"""The shipped document comes to what its table of cells says, and dropping any of its bars changes a cell."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from policies.coverage import PERMIT, BadCellsError, Cell, State, cells_of, read_cells, write_cells
from policies.documents import PolicyDocument
from policies.vocabulary import ReasonCode
from registry.imagined import come_to
from tests.unit.policies.people import (
    ACCOUNTING,
    CATALOGUE,
    NEWSLETTER,
    ORDERS,
    POSTAL,
    RECOMMENDATIONS,
    purpose_of,
    retailer,
    with_purpose,
)

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
EXPECTED = read_cells((CATALOGUE / "retailer.cells.csv").read_text(encoding="utf-8"))


def outcomes(document: PolicyDocument) -> Mapping[Cell, str]:
    return {cell: come_to(document, cell, AT) for cell in cells_of(document)}


@pytest.mark.gdpr("5(2)")
def test_every_cell_of_the_shipped_document_comes_to_what_is_written_down() -> None:
    """Purpose, category and state of the person: the table is read by people before it is believed."""
    assert outcomes(retailer()) == EXPECTED


def test_the_table_speaks_of_codes_alone() -> None:
    codes = {code for expected in EXPECTED.values() for code in expected.split("+")}
    assert codes <= {PERMIT, *ReasonCode}
    assert len(codes) > 12


def basis_without(purpose: str, **changes: object) -> dict[object, object]:
    return {category: basis.model_copy(update=changes) for category, basis in purpose_of(purpose).basis.items()}


# A bar of the shipped document, and the same document without it.
DROPPED: list[tuple[str, str, dict[str, object]]] = [
    ("objection to advertising", NEWSLETTER, {"direct_marketing": False, "objection": "not_applicable"}),
    ("objection to advertising", POSTAL, {"direct_marketing": False, "objection": "not_applicable"}),
    ("objection to its profiling", RECOMMENDATIONS, {"direct_marketing": False}),
    ("a consent withdrawn by objection", RECOMMENDATIONS, {"direct_marketing": False, "objection": "not_applicable"}),
    ("sixteen years", NEWSLETTER, {"minimum_age": 0}),
    ("eighteen years", POSTAL, {"minimum_age": 0}),
    ("eighteen years for profiles", RECOMMENDATIONS, {"minimum_age": 0, "direct_marketing": False}),
    ("explicit consent", RECOMMENDATIONS, {"basis": basis_without(RECOMMENDATIONS, explicit=False)}),
    ("look-back", RECOMMENDATIONS, {"look_back": {}}),
    ("the notice", POSTAL, {"notice": None}),
    ("relationships", ORDERS, {"basis": basis_without(ORDERS, rests_on=())}),
    ("not in force", "market_research", {"state": "active"}),
    ("restriction", ORDERS, {"while_restricted": True}),
    ("restriction", NEWSLETTER, {"while_restricted": True}),
    ("restriction", POSTAL, {"while_restricted": True}),
    ("restriction", RECOMMENDATIONS, {"while_restricted": True}),
    ("restriction", "customer_care", {"while_restricted": True}),
    ("purpose limitation", ORDERS, {"from_any_purpose": True}),
    ("purpose limitation", NEWSLETTER, {"from_any_purpose": True}),
    ("purpose limitation", POSTAL, {"from_any_purpose": True}),
    ("purpose limitation", RECOMMENDATIONS, {"from_any_purpose": True}),
    ("purpose limitation", "customer_care", {"from_any_purpose": True}),
    ("the duty under restriction", ACCOUNTING, {"while_restricted": False}),
    ("the duty's reach", ACCOUNTING, {"from_any_purpose": False}),
    ("the recipient", NEWSLETTER, {"recipients": ()}),
]


@pytest.mark.gdpr("24(1)")
@pytest.mark.parametrize(("bar", "purpose", "changes"), DROPPED, ids=[f"{bar} of {of}" for bar, of, _ in DROPPED])
def test_a_document_without_one_of_its_bars_is_seen(bar: str, purpose: str, changes: dict[str, object]) -> None:
    if bar == "the recipient":
        first = next(code for code, client in retailer().clients.items() if purpose in client.purposes)
        clients = {
            **retailer().clients,
            first: retailer().clients[first].model_copy(update={"recipient": "mail_house"}),
        }
        document = with_purpose(purpose, retailer().model_copy(update={"clients": clients}), **changes)
    else:
        document = with_purpose(purpose, None, **changes)
    assert outcomes(document) != EXPECTED


@pytest.mark.parametrize("purpose", [name for name, one in retailer().purposes.items() if one.basis])
def test_a_document_without_one_of_its_bases_is_seen(purpose: str) -> None:
    """R-6.1-1: NO_BASIS for that category alone, and for what was worked out from it."""
    declared = retailer().fields
    for category in purpose_of(purpose).fields:
        kept = {one: basis for one, basis in purpose_of(purpose).basis.items() if one is not category}
        document = with_purpose(purpose, basis=kept)
        changed = {cell for cell, found in outcomes(document).items() if found != EXPECTED[cell]}
        if purpose_of(purpose).state == "active":
            worked_out = {
                declared[name].category
                for name in purpose_of(purpose).allowed
                if any(declared[one].category is category for one in declared[name].derived_from)
            }
            assert {(purpose, category)} <= {(cell.purpose, cell.category) for cell in changed}
            assert {(cell.purpose, cell.category) for cell in changed} <= {
                (purpose, one) for one in {category} | worked_out
            }


def test_a_table_reads_back_as_it_was_written() -> None:
    assert read_cells(write_cells(EXPECTED.items())) == EXPECTED


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("", 1),
        ("purpose,category,state\n", 1),
        ("purpose,category,state,expected,why\n", 1),
        ("category,purpose,state,expected\n", 1),
        ("state,purpose,category,expected\n", 1),
        ("purpose,category,state,expected\nnewsletter,master\n", 2),
        ("purpose,category,state,expected\nnewsletter,master,erased,PERMIT,why\n", 2),
        ("purpose,category,state,expected\nnewsletter,master,happy,PERMIT\n", 2),
        ("purpose,category,state,expected\nnewsletter,mood,erased,PERMIT\n", 2),
        ("purpose,category,state,expected\n" + "newsletter,master,erased,PERMIT\n" * 2, 3),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(BadCellsError) as caught:
        read_cells(source)
    assert caught.value.line == line


def test_a_purpose_nobody_may_ask_for_has_no_cell() -> None:
    document = retailer().model_copy(update={"clients": {}})
    assert cells_of(document) == ()
    assert {cell.state for cell in cells_of(retailer())} == set(State)
