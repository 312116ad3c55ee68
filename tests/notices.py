"""What tests of notices share: an event, a real mail server, and a real web server that takes webhooks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

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
def receiver() -> Iterator[Heard]:
    """Runs a web server that takes webhooks."""
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
    heard.address = f"http://127.0.0.1:{server.server_address[1]}/hook?from=doorbook"
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
