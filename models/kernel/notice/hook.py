"""A notice as a webhook: a signed POST to one address that was looked up once, without redirects, with limits of time."""

from __future__ import annotations

import hmac
import json
import ssl
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util.ssl_match_hostname import CertificateError

from models.kernel.notice.outward import Network, address_fault, resolved
from models.kernel.refusal import Refusal
from models.kernel.words import _

CONNECT, READ, WHOLE = 5.0, 10.0, 20.0
"""Seconds: to reach the server, between two parts of its answer, and for all of it."""

KEPT = 2_000
"""Bytes of an answer that are read."""


class Gone(Exception):
    """The receiver says that it wants no more of this (410)."""


def body_of(row: Any, token: str) -> bytes:
    """Returns what is sent of an outbox row: the same bytes at each try."""
    about = None
    if row.table_name is not None:
        about = {"table": row.table_name, "id": row.row_id, "name": row.record}
    told = {
        "delivery": token,
        "event": row.event,
        "at": row.at.isoformat(),
        "actor": row.actor_name,
        "record": about,
        "values": json.loads(row.given),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, moment: int, body: bytes) -> str:
    """Returns the header by which the receiver knows who calls: HMAC-SHA256 over '<moment>.<body>'.

    Args:
        moment: seconds since 1970; a receiver refuses what is older than a few minutes, so that nothing is played again.
    """
    digest = hmac.digest(secret.encode(), f"{moment}.".encode() + body, "sha256").hex()
    return f"t={moment},v1={digest}"


def send(
    address: str, secret: str, event: str, token: str, body: bytes, now: datetime, allowed: Sequence[Network]
) -> str:
    """Sends a delivery. Returns the beginning of the answer, as the log keeps it.

    Raises:
        Refusal: the address is not called (its form, or it leads inside), or who answers there cannot show by a
            certificate that it is who was meant.
        Gone: the receiver wants no more.
        OSError, urllib3.exceptions.HTTPError: it was not reached, or did not answer in time, or not with 2xx.
    """
    fault = address_fault(address)
    if fault is not None:
        raise Refusal(fault, "address")
    parts = urlsplit(address)
    host = parts.hostname or ""
    place = resolved(parts, allowed)
    headers = {
        "Host": f"[{host}]" if ":" in host else host,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Doorbook",
        "Doorbook-Event": event,
        "Doorbook-Signature": signature(secret, int(now.timestamp()), body),
        "Idempotency-Key": token,
    }
    if parts.port is not None:
        headers["Host"] += f":{parts.port}"
    limits = urllib3.Timeout(connect=CONNECT, read=READ)
    common: dict[str, Any] = {"timeout": limits, "retries": False, "maxsize": 1}
    pool: urllib3.HTTPConnectionPool = (
        urllib3.HTTPSConnectionPool(place, parts.port or 443, server_hostname=host, assert_hostname=host, **common)
        if parts.scheme == "https"
        else urllib3.HTTPConnectionPool(place, parts.port or 80, **common)
    )
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    try:
        answer = pool.urlopen(
            "POST", target, body=body, headers=headers, redirect=False, preload_content=False, assert_same_host=False
        )
        said = _beginning(answer)
        answer.close()
    except urllib3.exceptions.SSLError as broken:
        why = _distrusted(broken)
        if why is None:
            raise
        raise Refusal(
            _("The certificate of “{host}” is not trusted: {why}.", "“{host}”的证书不受信任：{why}。").fill(
                host=host, why=why
            ),
            code="certificate",
        ) from broken
    finally:
        pool.close()
    summary = f"{answer.status} {said}".strip()
    if answer.status == 410:
        raise Gone(summary)
    if not 200 <= answer.status < 300:
        raise urllib3.exceptions.HTTPError(summary)
    return summary


def _distrusted(fault: BaseException) -> str | None:
    """Returns what is wrong with the other side's certificate; None where something else is."""
    found: BaseException | None = fault
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return found.verify_message.rstrip(".")
        if isinstance(found, CertificateError):  # of another name
            return str(found)
        inner = found.args[0] if found.args and isinstance(found.args[0], BaseException) else None
        found = inner or found.__cause__ or found.__context__
    return None


def _beginning(answer: Any) -> str:
    """Reads the beginning of an answer; one that trickles in is left when its time is over."""
    until, found = time.monotonic() + WHOLE, b""
    while len(found) < KEPT and time.monotonic() < until:
        part = answer.read1(KEPT - len(found))
        if not part:
            break
        found += part
    return " ".join(found.decode("utf-8", "replace").split())
