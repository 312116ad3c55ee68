"""Whom this server calls: which addresses a webhook may have, and where the name in one really leads."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WRAPPED = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 ranges that lead to an IPv4 address of the sender's choosing; nobody's webhook lies there."""


def address_fault(address: str) -> Words | None:
    """Returns what is wrong with the form of a webhook's address, in a sentence; None where nothing is."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return _(
            "This is no address. Write one such as https://example.com/hook.",
            "地址格式不正确，例如 https://example.com/hook。",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() or ord(c) < 33 for c in address):
        return _(
            "Write an address such as https://example.com/hook.", "请填写完整地址，例如 https://example.com/hook。"
        )
    if parts.username is not None or parts.password is not None:
        return _(
            "Leave the name and password out of the address; the signature says who calls.",
            "地址中请勿包含用户名和密码，请用签名校验来源。",
        )
    if parts.fragment or port == 0:
        return _("Leave “#…” out of the address.", "地址中请勿包含“#”及其后的内容。")
    return None


def resolved(parts: SplitResult, allowed: Sequence[Network]) -> str:
    """Returns the one address a connection may be made to; the caller connects to it and never asks the name again.

    Args:
        parts: of an address without a fault.
        allowed: private networks that may be called all the same.

    Raises:
        Refusal: the name leads nowhere, or to a place inside that is not allowed; or the connection would be unencrypted.
    """
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refusal(
            _("The name “{host}” leads nowhere.", "无法解析主机名“{host}”。").fill(host=host), code="no_host"
        ) from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for each in addresses:  # all of them: one that is refused among others is a trick
        if not _is_allowed(each, allowed):
            raise Refusal(
                _(
                    "“{host}” leads to {address}, inside a private network. Nothing was sent. "
                    "The operator may allow that network with WEBHOOK_NETWORKS.",
                    "“{host}”指向内网地址 {address}，未发送。如确需推送，请运维人员在 WEBHOOK_NETWORKS 中放行该网段。",
                ).fill(host=host, address=str(each)),
                code="private",
            )
    chosen = addresses[0]
    if parts.scheme == "http" and chosen.is_global and not _within(chosen, allowed):
        raise Refusal(
            _("Outside of the own network only https is called.", "公网地址仅支持 https，未发送。"),
            code="not_encrypted",
        )
    return str(chosen)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return _is_allowed(mapped, allowed)
    if _within(address, allowed):
        return True
    return address.is_global and not address.is_multicast and not _within(address, _WRAPPED)
