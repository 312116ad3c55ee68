"""What an installation gives the delivery to work with: a mail server, networks it may call, its own address."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.kernel.notice.outward import Network


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server mail is handed to.

    Attributes:
        tls: `none`, `starttls`, or `tls` (encrypted from the first byte).
        user, password: empty where it asks for none.
        sender: the address mail comes from.
    """

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True)
class Ways:
    """How notices leave the console.

    Attributes:
        mail: None where no mail is sent.
        networks: private networks a webhook may lie in.
        url: the console's own address, for the links in mails; ends with a slash.
    """

    mail: MailServer | None = None
    networks: tuple[Network, ...] = ()
    url: str = ""


NOWHERE = Ways()
"""Nothing leaves the console: mailbox only, and webhooks outside of private networks."""
