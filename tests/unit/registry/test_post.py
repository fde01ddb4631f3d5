"""A letter that must not be lost arrives, after an outage or a crash: once, or recognisably twice."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text
from sqlmodel import col

from audit.event import EventTag, Recorded
from audit.log import Filters
from policies.vocabulary import Category, FieldName
from registry import post
from registry.actors import SYSTEM
from registry.errors import NotPermittedError
from registry.keys import DataKey
from registry.mailer import DirectoryMailer, SmtpMailer
from registry.post import send_waiting
from registry.resealing import rotate_data_keys
from registry.tables import DataKeyRow, EventRow
from registry.vault import LETTER, Place, Sealed, open_letter, seal
from tests.house import ANNA, House, open_house, settings_for
from tests.sentinel import files_under, places_of, spellings

SENDER = "Datenschutz <datenschutz@example.com>"


class MailServer:
    """A real SMTP server that keeps what it takes, and may refuse."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.taken: list[EmailMessage] = []
        self.refuses = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's words
        if self.refuses:
            return "451 not now"
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    @contextmanager
    def running(self) -> Iterator[None]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()


async def waiting(house: House) -> int:
    async with house.registry.database.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM letter_outbox"))).scalar_one())


async def make_due(house: House) -> None:
    """As if the time of the next try had come."""
    long_ago = "0" if house.owner_url.startswith("sqlite") else "'epoch'"
    await house.as_owner(f"UPDATE letter_outbox SET due_at = {long_ago}")  # noqa: S608 - own words


async def erased_while_the_server_is_down(house: House, server: MailServer) -> UUID:
    house.registry.mailer = SmtpMailer(server.url, SENDER)
    subject_id = await house.customer()
    await house.erase(subject_id)
    return subject_id


@pytest.mark.gdpr("12(3)")
async def test_the_letter_about_an_erasure_outlasts_an_outage_of_the_mail_server(house: House) -> None:
    server = MailServer()
    erased = await erased_while_the_server_is_down(house, server)
    assert await waiting(house) == 1
    with server.running():
        assert await send_waiting(house.registry) == 0, "its next try comes later"
        server.refuses = True
        await make_due(house)
        assert await send_waiting(house.registry) == 0
        server.refuses = False
        await make_due(house)
        assert await send_waiting(house.registry) == 1
        await make_due(house)
        assert await send_waiting(house.registry) == 0
    (letter,) = server.taken
    assert letter["To"] == ANNA["email"]
    assert letter["Message-ID"].endswith("@example.com>")
    assert "Ihre Daten sind gelöscht" in letter.get_content()
    assert "Your data is deleted" in letter.get_content()
    assert await waiting(house) == 0
    left = select(col(DataKeyRow.version), col(EventRow.key_version)).join(
        EventRow, col(EventRow.subject_id) == col(DataKeyRow.subject_id)
    )
    async with house.registry.database.reading() as session:
        ((key, evidence),) = (await session.execute(left.where(col(DataKeyRow.subject_id) == erased))).all()
    assert key == evidence == 2, "the key of the letter has ended: no backup of it opens"


@pytest.mark.gdpr("32(1)(a)")
async def test_a_waiting_letter_lies_sealed_and_nothing_else_has_the_address(house: House, tmp_path: Path) -> None:
    await erased_while_the_server_is_down(house, MailServer())
    async with house.registry.database.reading() as session:
        rows = (await session.execute(text("SELECT * FROM letter_outbox"))).all()
    assert len(rows) == 1
    assert ANNA["email"] not in str(rows)
    assert ANNA["email"].encode() not in b"".join(cell for cell in rows[0] if isinstance(cell, bytes))
    assert places_of(spellings(ANNA["email"]), files_under(tmp_path)) == []


async def test_a_crash_after_the_sending_repeats_the_letter_under_the_same_id(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MailServer()
    await erased_while_the_server_is_down(house, server)

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with server.running():
        await make_due(house)
        with monkeypatch.context() as patch:
            patch.setattr(post, "_forget", die)
            with pytest.raises(KeyboardInterrupt):
                await send_waiting(house.registry)
        await make_due(house)
        assert await send_waiting(house.registry) == 1
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_letter_that_waits_outlasts_the_rotation_of_its_key(house: House) -> None:
    server = MailServer()
    await erased_while_the_server_is_down(house, server)
    assert await rotate_data_keys(house.registry, SYSTEM) > 0
    with server.running():
        await make_due(house)
        assert await send_waiting(house.registry) == 1
    assert server.taken[0]["To"] == ANNA["email"]


async def test_two_senders_at_once_send_one_letter(house: House) -> None:
    server = MailServer()
    await erased_while_the_server_is_down(house, server)
    await make_due(house)
    with server.running():
        sent = await asyncio.gather(*(send_waiting(house.registry) for _ in range(3)))
    assert sorted(sent) == [0, 0, 1]
    assert len(server.taken) == 1


async def test_a_start_sends_what_a_stop_left(database_url: str, tmp_path: Path) -> None:
    server = MailServer()
    settings = settings_for(database_url, tmp_path / "home").model_copy(update={"mail_url": server.url})
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
        await house.erase(await house.customer())
        await make_due(house)
    with server.running():
        async with open_house(settings) as registry:
            house = House(registry, settings, database_url)
            for _ in range(100):
                if not await waiting(house):
                    break
                await asyncio.sleep(0.05)
        assert len(server.taken) == 1


async def test_every_sending_is_on_record_and_a_letter_is_given_up_after_thirty_days(house: House) -> None:
    """Nobody's address waits for ever."""
    await erased_while_the_server_is_down(house, MailServer())
    long_ago = "0" if house.owner_url.startswith("sqlite") else "'epoch'"
    await house.as_owner(f"UPDATE letter_outbox SET queued_at = {long_ago}, due_at = {long_ago}")  # noqa: S608 - own words
    assert await send_waiting(house.registry) == 0
    assert await waiting(house) == 0
    entries = await house.registry.log.search(Filters(operation=EventTag.REQUEST_ANSWER), 10)
    assert [(one.tree["out"], one.tree["n"]) for one in entries] == [("deny", 1), ("done", 1)]


async def test_a_letter_whose_key_is_gone_keeps_no_other_back(house: House) -> None:
    server = MailServer()
    first = await erased_while_the_server_is_down(house, server)
    await house.erase(await house.customer("B-1", {"email": "berta@example.com"}))
    key = first.hex if house.owner_url.startswith("sqlite") else str(first)
    where = f"x'{key}'" if house.owner_url.startswith("sqlite") else f"'{key}'"
    await house.as_owner(f"DELETE FROM data_key WHERE subject_id = {where}")  # noqa: S608 - own words
    await make_due(house)
    with server.running():
        assert await send_waiting(house.registry) == 1
    assert [letter["To"] for letter in server.taken] == ["berta@example.com"]


async def test_a_directory_takes_a_letter_once(tmp_path: Path) -> None:
    mailer, letter_id = DirectoryMailer(tmp_path, SENDER), uuid4()
    for _ in range(2):
        await mailer.send("erika@example.com", "Betreff", "Text", letter_id)
    assert len(files_under(tmp_path)) == 1
    await mailer.send("erika@example.com", "Betreff", "Text")
    await mailer.send("erika@example.com", "Betreff", "Text")
    assert len(files_under(tmp_path)) == 3


@pytest.mark.gdpr("5(2)")
def test_a_letter_opens_only_once_its_sending_is_recorded_and_nothing_else_opens_so() -> None:
    key = DataKey(1, bytes(32))
    letter = seal(b"text", Place(uuid4(), Category.EVIDENCE, LETTER, uuid4(), 1), key)
    assert open_letter(Recorded(letter, 0, uuid4()), key) == b"text"
    with pytest.raises(NotPermittedError):
        open_letter(letter, key)  # type: ignore[arg-type]  # what is tried
    value = seal(b"value", Place(uuid4(), Category.MASTER, FieldName("email"), uuid4(), 1), key)
    with pytest.raises(NotPermittedError):
        open_letter(Recorded(value, 0, uuid4()), key)
    disguised = Sealed(value.place._replace(field=LETTER), value.key_version, value.ciphertext)
    with pytest.raises(Exception, match="does not open"):
        open_letter(Recorded(disguised, 0, uuid4()), key)
