"""Promise 8: no direct identifier in log lines, exceptions, `repr` or addresses (R-AUD-6)."""

import logging

import pytest

from policies.vocabulary import FieldName, PurposeId
from registry import subjects, tables
from registry.errors import RegistryError
from registry.finding import Identifier, find
from registry.lookup import IdentifierKind
from registry.records import GivenValue
from registry.subjects import GivenSubject
from tests.house import ANNA, SHOP, House


async def test_what_leaves_shows_nothing_in_repr(house: House) -> None:
    subject_id = await house.customer()
    outcome = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    given = GivenSubject("A-1", "shop", values={FieldName("email"): GivenValue(ANNA["email"], PurposeId("newsletter"))})
    for shown in (repr(outcome), repr(given), str(outcome)):
        assert ANNA["email"] not in shown
        assert "A-1" not in shown


@pytest.mark.parametrize("name", [name for name in dir(tables) if name.endswith("Row") and not name.startswith("_")])
def test_no_row_shows_its_content(name: str) -> None:
    assert repr(getattr(tables, name).model_construct()) == f"<{name}>"


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "annegret.unverkennbar@@example"), ("phone", "annegret-unverkennbar"), ("no_field", "unverkennbar")],
)
async def test_errors_name_the_field_and_never_the_value(
    house: House, field: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = {FieldName(field): GivenValue(value, PurposeId("order_fulfilment"))}
    with pytest.raises(RegistryError) as caught:
        await subjects.upsert(house.registry, SHOP, [GivenSubject("A-9", "shop", values=given)])
    assert "unverkennbar" not in str(caught.value)
    assert "unverkennbar" not in repr(caught.value)


async def test_log_lines_of_a_whole_day_name_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    subject_id = await house.customer(newsletter=True)
    await house.read("shop", "order_fulfilment", ["email"], subject_id)
    await find(house.registry, SHOP, PurposeId("order_fulfilment"), Identifier(IdentifierKind.EMAIL, ANNA["email"]))
    await house.erase(subject_id)
    for value in (ANNA["email"], ANNA["last_name"], ANNA["phone"]):
        assert value not in caplog.text


def test_what_somebody_is_looked_up_by_is_not_printed() -> None:
    assert ANNA["email"] not in repr(Identifier(IdentifierKind.EMAIL, ANNA["email"]))
