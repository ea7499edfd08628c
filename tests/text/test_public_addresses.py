"""Only what anybody could ask for is given to a service to be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.public_addresses import check_public


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a?b=c#d", "http://例子.测试.cn/", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/x"],
)
def test_what_is_public_passes(url: str) -> None:
    check_public(url)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        *((host, "address.private") for host in ("①②⑦.⓪.⓪.①", "ⓛocalhost.ⓛocal", "printer.ｌocal", "foo.local。")),
        *((host, "address.private") for host in ("lOCALHOST。", "127。0。0。1", "ⓧ.Ⓘnternal", "١٢٧.٠.٠.١")),
        *((host, "address.private") for host in ("[::127.0.0.1]", "[::8.8.8.8]", "[64:ff9b::7f00:1]", "[fec0::1]")),
        *(
            (host, "address.private")
            for host in ("[64:ff9b::a00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b:1::1]", "[4::1]")
        ),
        *((host, "address.private") for host in ("[2002:7f00:1::]", "[2606:4700::5efe:10.0.0.1]", "[fc00::1]")),
        *((host, "address.private") for host in ("kubernetes.default.svc", "redis.docker", "intranet.fritz.box")),
        *((host, "address.incomplete") for host in ("local\u00adhost.lo\u00adcal", "a\u200b.local", "foo.lo\ufe0fcal")),
        *((host, "address.incomplete") for host in ("127.0.0.1\\.x.com", "x.com\\.y", "a..com", ".a.com", "a.com..")),
        *((host, "address.incomplete") for host in ("%31%32%37.0.0.1", "8.8.8.8%2elocal", "a.com%2elocal", "a!.com")),
        *((f"{'a' * 300}.com", "address.incomplete"), (f"{'é' * 60}.com", "address.incomplete")),
    ],
)
def test_a_host_is_looked_at_as_whoever_asks_for_it_reads_it(host: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_public(f"http://{host}/")
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    "host", ["ｅxample.com", "EXAMPLE.com.", "ไทย.th", "straße.de", "a_b.example", "[64:ff9b::808:808]"]
)
def test_names_of_any_script_are_public(host: str) -> None:
    check_public(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *((f"http://{host}/", "address.private") for host in ("localhost", "127.0.0.1", "10.0.0.1", "192.168.1.1")),
        *((f"http://{host}/", "address.private") for host in ("169.254.169.254", "[::1]", "[fe80::1]", "0.0.0.0")),
        *(
            (f"http://{host}/", "address.private")
            for host in ("[::ffff:10.0.0.1]", "2130706433", "0x7f000001", "127.1")
        ),
        *((f"http://{host}/", "address.private") for host in ("router", "nas.local", "x.internal", "a.home.arpa")),
        *((f"http://{host}/", "address.private") for host in ("localhost.", "0177.0.0.1", "LOCALHOST", "224.0.0.1")),
        ("https://user:word@example.com/", "address.has_password"),
        ("https://user@example.com/", "address.has_password"),
        *((url, "address.incomplete") for url in ("ftp://example.com", "https://", "https://a b.c/", "https://a.c:x/")),
        ("https://example.com/" + "a" * 3_000, "address.incomplete"),
    ],
)
def test_what_is_not_is_refused_and_no_password_is_shown(url: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_public(url)
    assert raised.value.reason == reason
    assert "word" not in raised.value.message or reason == "address.has_password"
    assert "user:word" not in str(raised.value)


@given(st.ip_addresses(v=4))
def test_an_address_of_a_private_network_is_refused_in_any_form(address: object) -> None:
    from ipaddress import IPv4Address

    assert isinstance(address, IPv4Address)
    forms = [str(address), f"[::ffff:{address}]", f"[64:ff9b::{address}]"]
    forms.append("".join(chr(0xFF10 + int(digit)) if digit.isdecimal() else "。" for digit in str(address)))
    for form in forms:
        if address.is_global and not address.is_multicast:
            check_public(f"https://{form}/")
        else:
            with pytest.raises(InvalidRequest):
                check_public(f"https://{form}/")
