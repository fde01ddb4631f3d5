"""Keeps the demo's customers: real purchase histories, carried by invented people.

The purchases are the published CDNOW histories of 1997-98, moved in time by whole weeks. Everything else is
invented from the customer's number alone: the same number gives the same person in every run and selection.
`data/ORIGIN.md` tells what is real. Nobody here can be reached: mail goes to example.com, the telephone numbers
are those reserved for films.

Legal: GDPR Art. 5(1)(b), Art. 25; R-5.1b-3 (no production data in a demo).
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, groupby
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple, TypeVar

from api.demo.data.sources import LAST_PURCHASE, ExtraMissingError, Purchase, iter_purchases, mini_ipip

__all__ = ["TODAY", "ExtraMissingError", "Row", "iter_customers", "iter_purchases", "shift_before"]

TODAY = date(2026, 6, 30)
ORDER_OPEN = timedelta(days=30)

NEWSLETTER_SHARE = 0.60
PROFILING_SHARE = 0.35
SURVEY_SHARE = 0.94  # of those who agreed to profiling: about a third of all customers
CHECKOUT_CONSENT_SHARE = 0.7
SALUTATION_SHARE = 0.9

# Numbers for media productions, never assigned (Bundesnetzagentur, Mitteilung 148/2021), without their last digits.
DRAMA_LANDLINE = ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")  # three
DRAMA_MOBILE = ("+4917139200", "+49176040690")  # two
LOADING, NOISE = 0.65, 0.76  # answer = 3 + keyed * (loading * trait + noise): Cronbach's alpha near 0.7

AGES = {"18-24": 9, "25-34": 22, "35-44": 23, "45-54": 20, "55-64": 15, "65-79": 11}
HOUSEHOLD = {"1": 40, "2": 34, "3": 12, "4": 10, "5": 4}
SHARED_HOUSEHOLD = {"2": 52, "3": 20, "4": 20, "5": 8}
EDUCATION = {"lower_secondary": 18, "intermediate_secondary": 24, "upper_secondary": 16, "vocational": 20, "degree": 22}
YOUNG_MARITAL = {"single": 84, "married": 15, "divorced": 1}
MARITAL = {"single": 27, "married": 56, "divorced": 14, "widowed": 3}
OLD_MARITAL = {"single": 9, "married": 60, "divorced": 13, "widowed": 18}
YOUNG_OCCUPATION = {"student": 45, "employee": 35, "worker": 14, "self_employed": 3, "not_working": 3}
OCCUPATION = {"employee": 56, "worker": 18, "civil_servant": 7, "self_employed": 10, "not_working": 9}
OLD_OCCUPATION = {"retired": 92, "employee": 4, "self_employed": 4}
INCOME = {"under_1500": 17, "1500_2499": 27, "2500_3499": 23, "3500_4999": 19, "5000_and_more": 14}
SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})

Row = dict[str, Any]
_T = TypeVar("_T")


class _Pools(NamedTuple):
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]


class _Dice:
    """Draws that are equal on every Python: of `Random`, only `random()` is promised to stay as it is."""

    def __init__(self, seed: str) -> None:
        self._next = Random(seed).random  # noqa: S311 - invented people, no secrets

    def below(self, limit: int) -> int:
        return int(self._next() * limit)

    def chance(self, share: float) -> bool:
        return self._next() < share

    def pick(self, values: Sequence[_T]) -> _T:
        return values[self.below(len(values))]

    def weighted(self, weights: Mapping[str, int]) -> str:
        at = self.below(sum(weights.values()))
        totals = accumulate(weights.values())
        return next(value for value, total in zip(weights, totals, strict=True) if at < total)

    def bell(self) -> float:
        """About normal, mean 0, deviation 1: twelve uniform draws, as integers because `sum` of floats differs."""
        return (sum(self.below(1001) for _ in range(12)) - 6000) / 1000

    def instant(self, on: date) -> datetime:
        """A second between 07:00 and 22:00 UTC of that day: the source knows days only."""
        return datetime.combine(on, time(7), UTC) + timedelta(seconds=self.below(15 * 3600))

    def between(self, start: datetime, end: datetime) -> datetime:
        """A second from `start` on, before `end`."""
        return start + timedelta(seconds=self.below(max(1, int((end - start).total_seconds()))))


def iter_customers(*, full: bool = False, today: date = TODAY) -> Iterator[Row]:
    """Import rows, one a customer, in ascending order of external ids; JSON-able, all instants before `today`.

    Args:
        full: as `iter_purchases`.
        today: the day on which the story plays; the last purchase falls into the week before it.

    Raises:
        ExtraMissingError: when Faker, or for `full` the package with the history, is not installed.
    """
    shift = shift_before(today)
    end = datetime.combine(today, time(), UTC)
    for customer, purchases in groupby(iter_purchases(full=full), attrgetter("customer")):
        yield _row(customer, [one._replace(on=one.on + shift) for one in purchases], end)


def shift_before(today: date) -> timedelta:
    """The whole weeks by which 1997-98 moves, so that weekdays and gaps stay and the last purchase is past."""
    return timedelta(weeks=((today - LAST_PURCHASE).days - 1) // 7)


@cache
def _pools() -> _Pools:
    try:
        from faker import Faker
    except ImportError as error:
        message = "the demo invents its people with Faker: pip install 'consent-registry[demo]'"
        raise ExtraMissingError(message) from error
    fake = Faker("de_DE")
    fake.seed_instance(1997)
    return _Pools(
        female=tuple(fake.first_name_female() for _ in range(800)),
        male=tuple(fake.first_name_male() for _ in range(800)),
        family=tuple(fake.last_name() for _ in range(1200)),
        streets=tuple(fake.street_name() for _ in range(1500)),
        places=tuple((fake.postcode(), fake.city()) for _ in range(600)),
        phones=(
            *(f"{prefix}{number:03d}" for prefix in DRAMA_LANDLINE for number in range(1000)),
            *(f"{prefix}{number:02d}" for prefix in DRAMA_MOBILE for number in range(100)),
        ),
    )


def _row(customer: int, purchases: Sequence[Purchase], end: datetime) -> Row:
    dice = _Dice(f"cdnow-{customer}")
    times = sorted(dice.instant(one.on) for one in purchases)
    first = times[0]
    newsletter = _consent_time(dice, NEWSLETTER_SHARE, first, end)
    profiling = _consent_time(dice, PROFILING_SHARE, first, end)
    age_days = _age_days(dice)
    survey = dice.between(profiling, end) if profiling and dice.chance(SURVEY_SHARE) else None
    return {
        "external_id": f"cdnow-{customer:05d}",
        "source": "shop",
        "kind": "person",
        "language": "de",
        "country": "DE",
        "collected_at": _text(first),
        "values": {
            **_master(dice, customer, age_days, first, newsletter),
            **_sociodemographic(dice, age_days // 365, profiling),
        },
        "relationships": _relationships(customer, times, end),
        "events": [*_purchase_events(customer, purchases, times), *_survey_events(dice, survey)],
        "consents": _consents(newsletter, profiling),
        "notices": ["privacy_notice"],
    }


def _consent_time(dice: _Dice, share: float, first: datetime, end: datetime) -> datetime | None:
    """When consent was given, if at all: with the first order, or some time later."""
    if not dice.chance(share):
        return None
    return first if dice.chance(CHECKOUT_CONSENT_SHARE) else dice.between(first, end)


def _age_days(dice: _Dice) -> int:
    """Age at the first purchase; everybody is of age by at least a week."""
    low, high = map(int, dice.weighted(AGES).split("-"))
    return low * 366 + dice.below((high - low + 1) * 365)


def _value(
    value: str,
    observed_at: str,
    collected_for: str,
    touchpoint: str = "online_shop",
    origin: str = "provided",
) -> Row:
    return {
        "value": value,
        "observed_at": observed_at,
        "collected_for": collected_for,
        "origin": origin,
        "touchpoint": touchpoint,
    }


def _master(dice: _Dice, customer: int, age_days: int, first: datetime, newsletter: datetime | None) -> Row:
    pools = _pools()
    female = dice.chance(0.5)
    given, family = dice.pick(pools.female if female else pools.male), dice.pick(pools.family)
    postcode, city = dice.pick(pools.places)
    values = {
        "first_name": given,
        "last_name": family,
        "email": f"{_ascii(given)}.{_ascii(family)}.{customer}@example.com",
        "phone": dice.pick(pools.phones),
        "street": f"{dice.pick(pools.streets)} {1 + dice.below(120)}",
        "postcode": postcode,
        "city": city,
        "country": "DE",
        "birth_date": (first.date() - timedelta(days=age_days)).isoformat(),
    }
    at = _text(first)
    rows = {field: _value(value, at, "order_fulfilment") for field, value in values.items()}
    # The shop gave this number; the customer did not provide it.
    rows["customer_number"] = _value(f"K-{customer:06d}", at, "order_fulfilment", origin="observed")
    # Optional, and needed by no contract (C-394/23): only the newsletter asks for it.
    if newsletter and dice.chance(SALUTATION_SHARE):
        rows["salutation"] = _value("Frau" if female else "Herr", _text(newsletter), "newsletter", "newsletter_signup")
    return rows


def _sociodemographic(dice: _Dice, age: int, profiling: datetime | None) -> Row:
    """What people tell about their lives, with the consent to profiling; nobody else is asked."""
    if profiling is None:
        return {}
    young, old = age < 27, age > 64  # noqa: PLR2004 - where studies usually end and pensions usually begin
    marital = dice.weighted(YOUNG_MARITAL if young else OLD_MARITAL if old else MARITAL)
    values = {
        "income": dice.weighted(INCOME),
        "household_size": dice.weighted(SHARED_HOUSEHOLD if marital == "married" else HOUSEHOLD),
        "education": dice.weighted(EDUCATION),
        "marital_status": marital,
        "occupation": dice.weighted(YOUNG_OCCUPATION if young else OLD_OCCUPATION if old else OCCUPATION),
    }
    at = _text(profiling)
    return {field: _value(value, at, "recommendations", "web_form") for field, value in values.items()}


def _relationships(customer: int, times: Sequence[datetime], end: datetime) -> list[Row]:
    """An order and a warranty a purchase; the history spans 18 months, so no warranty of two years is over."""
    rows = []
    for number, at in enumerate(times, start=1):
        shared = {"opened_at": _text(at), "source": "shop"}
        reference, closed = f"{customer:05d}-{number:03d}", at + ORDER_OPEN
        closed_at = _text(closed) if closed < end else None
        rows.append({"kind": "contract", "reference": f"order-{reference}", "closed_at": closed_at, **shared})
        rows.append({"kind": "warranty", "reference": f"warranty-{reference}", "closed_at": None, **shared})
    return rows


def _purchase_events(customer: int, purchases: Sequence[Purchase], times: Sequence[datetime]) -> Iterator[Row]:
    for number, (one, at) in enumerate(zip(purchases, times, strict=True), start=1):
        money = {"amount": str(one.amount), "currency": "USD"}
        purchase = {"quantity": one.quantity, **money}
        yield _event(f"order-{number}", "purchase", at, "order_fulfilment", "online_shop", purchase)
        if one.amount:
            invoice = {"number": f"R-{at.year}-{customer:05d}-{number:03d}", **money}
            yield _event(f"invoice-{number}", "invoice", at, "order_fulfilment", "online_shop", invoice)


def _survey_events(dice: _Dice, at: datetime | None) -> Iterator[Row]:
    """One event with all twenty answers, simulated: five latent traits, each answer a trait plus noise."""
    if at is None:
        return
    traits = {scale: dice.bell() for scale in dict.fromkeys(item.scale for item in mini_ipip())}
    answers = [
        min(5, max(1, round(3 + item.keyed * (LOADING * traits[item.scale] + NOISE * dice.bell()))))
        for item in mini_ipip()
    ]
    payload = {"instrument": "mini-ipip", "answers": answers}
    yield _event("survey-mini-ipip", "survey_answer", at, "recommendations", "web_form", payload)


def _event(reference: str, kind: str, at: datetime, collected_for: str, touchpoint: str, payload: Row) -> Row:
    """One event under the shop's own reference, by which a second import knows it again."""
    return {
        "event_ref": reference,
        "kind": kind,
        "occurred_at": _text(at),
        "touchpoint": touchpoint,
        "collected_for": collected_for,
        "payload": payload,
    }


def _consents(newsletter: datetime | None, profiling: datetime | None) -> list[Row]:
    given = (
        ("newsletter", "email", newsletter, "newsletter_consent", False),
        ("recommendations", "any", profiling, "recommendations_consent", True),
    )
    return [
        {
            "purpose": purpose,
            "channel": channel,
            "given_at": _text(at),
            "method": "checkbox_ticked",
            "notice": notice,
            "explicit": explicit,
        }
        for purpose, channel, at, notice, explicit in given
        if at
    ]


def _ascii(name: str) -> str:
    spelled = name.lower().translate(SPELLED).replace(" ", "-").replace(".", "")
    return unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
