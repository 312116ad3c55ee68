"""Which addresses a webhook may have, and where they may lead."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest

from models.kernel.notice.outward import address_fault, resolved
from models.kernel.refusal import Refusal


@pytest.mark.parametrize(
    "address",
    ["", "example.com/hook", "ftp://example.com", "https://", "https://a:b@example.com/", "https://example.com/#x",
     "https://exam ple.com/", "https://example.com:99999/", "https://example.com:0/", "http://[::1", "https://e.com/\n"],
)  # fmt: skip
def test_addresses_of_another_form_are_refused(address: str) -> None:
    assert address_fault(address) is not None


@pytest.mark.parametrize("address", ["https://example.com", "http://10.1.2.3:8080/a?b=c", "https://[2606:4700::1]/x"])
def test_addresses_that_are_called(address: str) -> None:
    assert address_fault(address) is None


@pytest.fixture(autouse=True)
def _numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are read and names lead nowhere: no test asks a name server."""

    def look(host: str, port: int, **_more: Any) -> list[Any]:
        try:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(ip_address(host)), port))]
        except ValueError:
            raise socket.gaierror("unknown") from None

    monkeypatch.setattr(socket, "getaddrinfo", look)


@pytest.mark.parametrize(
    "place",
    ["127.0.0.1", "10.0.0.5", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::"],
)  # fmt: skip
def test_no_way_inside(place: str) -> None:
    host = f"[{place}]" if ":" in place else place
    with pytest.raises(Refusal) as refused:
        resolved(urlsplit(f"https://{host}/"), ())
    assert refused.value.code == "private"


def test_a_name_that_leads_inside_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    with pytest.raises(Refusal):
        resolved(urlsplit("https://rebound.example/"), ())
    assert resolved(urlsplit("https://rebound.example/"), (ip_network("10.0.0.0/8"),)) == "93.184.216.34"


def test_only_https_outside_and_networks_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal) as refused:
        resolved(urlsplit("http://93.184.216.34/"), ())
    assert refused.value.code == "not_encrypted"
    assert resolved(urlsplit("https://93.184.216.34/"), ()) == "93.184.216.34"
    assert resolved(urlsplit("http://10.2.3.4:81/"), (ip_network("10.0.0.0/8"),)) == "10.2.3.4"
    with pytest.raises(Refusal) as refused:
        resolved(urlsplit("https://nowhere.invalid/"), ())
    assert refused.value.code == "no_host"
