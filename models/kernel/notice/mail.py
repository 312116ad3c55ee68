"""A notice as mail: plain text and the same as HTML, handed to the operator's own server."""

from __future__ import annotations

import html
import smtplib
import ssl
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from models.kernel.notice.ways import MailServer
from models.kernel.notice.wordings import Notice

TIMEOUT = 20.0
"""Seconds each step of talking to the mail server may take."""


class Bounced(Exception):
    """The mail will never go, however often it is tried: the address or the mail itself is refused."""


def message(
    server: MailServer, to: str, name: str, notice: Notice, link: str, token: str, at: datetime
) -> EmailMessage:
    """Returns the mail of a notice.

    Args:
        to, name: whom it goes to.
        link: address of the record in the console; empty where there is none.
        token: of the delivery; it makes the Message-ID, which is therefore the same at each try.
        at: when the delivery was made, aware.

    Raises:
        Bounced: `to` is no address.
    """
    made = EmailMessage()
    try:
        address = Address(_line(name), addr_spec=to)
        if not address.domain:
            raise ValueError
        made["To"] = address
    except (ValueError, HeaderParseError, IndexError):
        raise Bounced("The person's e-mail is no address.") from None
    made["From"] = Address("Doorbook", addr_spec=server.sender)
    made["Subject"] = _line(notice.subject)
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{token}@{server.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n\n".join(part for part in (notice.body, link) if part) or notice.subject)
    made.add_alternative(_as_html(notice, link), subtype="html")
    return made


def _line(text: str) -> str:
    """A header is one line; whatever a value brings along (a line break and a Bcc) stays text in it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _as_html(notice: Notice, link: str) -> str:
    body = html.escape(notice.body).replace("\n", "<br>\n")
    more = f'<p><a href="{html.escape(link)}">{html.escape(link)}</a></p>' if link else ""
    return f"<!doctype html><html><body><h3>{html.escape(notice.subject)}</h3><p>{body}</p>{more}</body></html>"


def send(server: MailServer, mail: EmailMessage) -> str:
    """Hands a mail to the server. Returns what the log keeps.

    Raises:
        Bounced: the server refused the address or the mail for good.
        OSError, smtplib.SMTPException: it did not go this time.
    """
    secure = ssl.create_default_context()
    opened: smtplib.SMTP = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=secure)
        if server.tls == "tls"
        else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    )
    try:
        if server.tls == "starttls":
            opened.starttls(context=secure)
        if server.user:
            opened.login(server.user, server.password)
        try:
            opened.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            _give_up_if_final(code, said)
            raise
        except smtplib.SMTPResponseException as refused:
            _give_up_if_final(refused.smtp_code, refused.smtp_error)
            raise
    finally:
        try:
            opened.quit()
        except (OSError, smtplib.SMTPException):
            opened.close()  # the mail was taken or refused before; how the talk ended says nothing of it
    return f"Taken by {server.host}"


def _give_up_if_final(code: int, said: bytes | str) -> None:
    """Raises: Bounced, where the server says that it will never take this mail."""
    if 500 <= code < 600 and code not in (530, 534, 535, 538, 554):
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise Bounced(f"{code} {text}")
