"""Sends the few letters the registry writes itself. No address, text or code is logged or kept here.

A letter may be sent twice where a crash hides that it arrived: its message id stays the same, so that mail systems
know it again, and a directory holds it once.

By default letters lie as files in a directory of the operator's, mode 0600, so that a first try needs no mail
server; an `smtp://` URL sends them.
"""

import asyncio
import os
import secrets
import smtplib
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from registry.errors import NotReadyError

_TIMEOUT_SECONDS = 10
_SMTP_PORT = 25


class Mailer(Protocol):
    """What delivers a letter."""

    async def send(self, to: str, subject: str, text: str, message_id: UUID | None = None) -> None:
        """Deliver or raise NotReadyError; the same `message_id` says that it is the same letter."""


class DirectoryMailer:
    """Puts each letter into a directory as an .eml file."""

    def __init__(self, directory: Path, sender: str) -> None:
        self._directory = directory
        self._sender = sender
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def send(self, to: str, subject: str, text: str, message_id: UUID | None = None) -> None:
        """Write the letter unless it is there; the newest sorts last.

        Raises:
            NotReadyError: when the directory does not take it.
        """
        message = _message(self._sender, to, subject, text, message_id)
        name = message_id.hex if message_id else secrets.token_hex(4)
        try:
            self._write(message, name)
        except OSError as error:
            raise NotReadyError(f"the mail directory does not take the letter: {type(error).__name__}") from None

    def _write(self, message: EmailMessage, name: str) -> None:
        if any(self._directory.glob(f"*-{name}.eml")):
            return
        taken = sum(1 for _ in self._directory.glob("*.eml"))
        path = self._directory / f"{taken:06d}-{name}.eml"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())


class SmtpMailer:
    """Hands letters to a mail server: smtp://[user:password@]host[:port][?starttls]."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _SMTP_PORT
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._starttls = "starttls" in parts.query
        self._sender = sender

    async def send(self, to: str, subject: str, text: str, message_id: UUID | None = None) -> None:
        """Send over one connection.

        Raises:
            NotReadyError: when the mail server is out of reach or does not take the letter.
        """
        await asyncio.to_thread(self._send, _message(self._sender, to, subject, text, message_id))

    def _send(self, message: EmailMessage) -> None:
        try:
            with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS) as server:
                if self._starttls:
                    server.starttls()
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotReadyError(f"the mail server does not take the letter: {type(error).__name__}") from None


def _message(sender: str, to: str, subject: str, text: str, message_id: UUID | None) -> EmailMessage:
    message = EmailMessage()
    if message_id is not None:
        domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        message["Message-ID"] = f"<{message_id}@{domain}>"
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    return message
