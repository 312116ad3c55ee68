"""What tests of notices share: an event, a real mail server, and a real web server that takes webhooks."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.kernel.notice.event import EVENTS, Event
from models.kernel.notice.ways import MailServer, Ways
from models.kernel.words import _

HERE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
URL = "http://console.example/"


def snag() -> Event:
    """Returns an event about a room; declared once in a process."""
    known = EVENTS.get("test.snag")
    return known or Event(
        "test.snag",
        _("Snag found", "发现问题"),
        _("{record}: {what}", "{record}：{what}"),
        _("{what}, due {due}.", "{what}，{due} 前完成。"),
        {"what": _("What", "内容"), "due": _("Due", "期限")},
        {"what": _("A crack", "墙面裂缝"), "due": "2026-12-01"},
    )


VALUES = {"what": _("A crack", "墙面裂缝"), "due": "2026-12-01"}


class Taken:
    """Mails as the server took them, and what it answers instead, once each."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answers: list[str] = []
        self.known = 0  # sign-ins with the right password

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # the server's name for it
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server(login: tuple[str, str] | None = None) -> Iterator[tuple[Taken, MailServer]]:
    """Runs a mail server on a port of its own."""
    taken = Taken()

    def known(_server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        taken.known += right
        return AuthResult(success=right)

    more: dict[str, Any] = {"authenticator": known, "auth_require_tls": False} if login else {}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(taken, hostname="127.0.0.1", port=port, **more)
    controller.start()
    user, password = login or ("", "")
    try:
        yield taken, MailServer("127.0.0.1", port, "none", user, password, "doorbook@console.example")
    finally:
        controller.stop()


class Heard:
    """Requests as a receiver of webhooks got them: (headers, body). `statuses` are answered once each, before 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.address = ""

    def tokens(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _body in self.requests]

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _headers, body in self.requests]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """Runs a web server that takes webhooks, over https where it is given a certificate."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the server's name for it
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.requests.append((dict(self.headers.items()), body))
            status = heard.statuses.pop(0) if heard.statuses else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", heard.address)
            said = b"thanks" if status == 200 else b"not now"
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # a caller that hangs up is meant
    heard.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hook?from=doorbook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ways(mail: MailServer | None = None) -> Ways:
    """Returns ways that may call this machine."""
    return Ways(mail, HERE, URL)


class Authority:
    """A certificate authority of a test's own: `file` is what those trust who trust it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of tests")])
        self._itself = self._signed(self._name, self._key, [], days=(-9, 9), authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._itself.public_bytes(serialization.Encoding.PEM))

    def _signed(
        self, name: x509.Name, key: Any, more: list[x509.ExtensionType], *, days: tuple[int, int], authority: bool
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if authority:
            use = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False
            )
            more = [*more, x509.KeyUsage(**use, key_agreement=False, key_cert_sign=True, crl_sign=True,
                                         encipher_only=False, decipher_only=False)]  # fmt: skip
        for each in more:
            made = made.add_extension(each, critical=isinstance(each, x509.KeyUsage))
        return made.sign(self._key, hashes.SHA256())

    def context(self, place: str = "127.0.0.1", days: tuple[int, int] = (-1, 1)) -> ssl.SSLContext:
        """Returns what a server shows who claims to be at `place`, with a certificate that holds from day to day."""
        key = ec.generate_private_key(ec.SECP256R1())
        where: x509.GeneralName = (
            x509.IPAddress(ipaddress.ip_address(place)) if place[0].isdecimal() else x509.DNSName(place)
        )
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, place)])
        made = self._signed(name, key, [x509.SubjectAlternativeName([where])], days=days, authority=False)
        file = self.folder / f"{made.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
