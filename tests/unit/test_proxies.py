"""Which proxy an origin has, by the variables of the environment."""

from __future__ import annotations

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.transport._proxies import Proxies, Proxy

URL = "http://proxy.example.org:3128"


def is_direct(origin: str, no_proxy: str) -> bool:
    """Return whether an origin has no proxy."""
    return Proxies({"HTTPS_PROXY": URL, "NO_PROXY": no_proxy}).proxy_for(origin) is None


@pytest.mark.parametrize(
    ("entry", "direct", "by_proxy"),
    [
        ("*", ["https://a.example", "https://10.1.2.3", "https://[fd00::5]"], []),
        ("*:8443", ["https://a.example:8443"], ["https://a.example"]),
        ("example.org", ["https://example.org", "https://a.example.org:1"], ["https://anexample.org", "https://org"]),
        (".example.org", ["https://example.org", "https://a.example.org"], ["https://anexample.org"]),
        ("*.Example.org", ["https://a.example.org", "https://a.example.org."], ["https://anexample.org"]),
        ("a.test:8443", ["https://a.test:8443", "https://b.a.test:8443"], ["https://a.test", "https://a.test:443"]),
        ("a.test:443", ["https://a.test"], ["https://a.test:8443"]),
        ("10.1.2.3", ["https://10.1.2.3"], ["https://10.1.2.33", "https://110.1.2.3"]),
        ("10.1.2.3:8443", ["https://10.1.2.3:8443"], ["https://10.1.2.3"]),
        ("10.0.0.0/8", ["https://10.1.2.3", "https://10.255.0.1:1"], ["https://11.1.2.3", "https://[a::1]"]),
        ("10.1.2.3/8", ["https://10.9.9.9"], ["https://11.1.2.3"]),
        ("fd00::/8", ["https://[fd00::5]"], ["https://[fe00::5]", "https://10.0.0.1", "https://fd00.example"]),
        ("[fd00::5]", ["https://[fd00::5]", "https://[fd00:0:0::5]:1"], ["https://[fd00::6]"]),
        ("[fd00::5]:8443", ["https://[fd00::5]:8443"], ["https://[fd00::5]"]),
        ("fd00::5", ["https://[FD00::5]"], ["https://[fd00::6]"]),
        ("", [], ["https://a.example"]),
        (".", [], ["https://a.example"]),
        ("a.test:port", [], ["https://a.test"]),
        ("10.0.0.0/99", [], ["https://10.0.0.1"]),
    ],
)
@pytest.mark.parametrize("others", ["", " x.invalid ,,", "x.invalid "])
def test_no_proxy(entry: str, direct: list[str], by_proxy: list[str], others: str) -> None:
    """Domains, addresses and networks, with or without a port, between commas or spaces."""
    assert [origin for origin in direct if not is_direct(origin, others + entry)] == []
    assert [origin for origin in by_proxy if is_direct(origin, others + entry)] == []


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost",
        "https://127.0.0.1:1",
        "https://127.9.9.9",
        "https://[::1]",
        "http://127.0.0.1",
        "http://a.test",
    ],
)
def test_none_for_loopback_addresses(origin: str) -> None:
    """Nor for plain HTTP, which is allowed for those only."""
    assert Proxies({"HTTPS_PROXY": URL, "ALL_PROXY": URL, "HTTP_PROXY": URL}).proxy_for(origin) is None


@pytest.mark.parametrize(
    ("variables", "chosen"),
    [
        ({"HTTPS_PROXY": "a"}, "HTTPS_PROXY"),
        ({"https_proxy": "a", "HTTPS_PROXY": "b"}, "https_proxy"),
        ({"ALL_PROXY": "b", "https_proxy": "a"}, "https_proxy"),
        ({"all_proxy": "a", "ALL_PROXY": "b"}, "all_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": "b"}, None),
        ({"https_proxy": " ", "ALL_PROXY": "a"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "a", "NO_PROXY": "x"}, None),
        ({"HTTPS_PROXY": "a", "no_proxy": "", "NO_PROXY": "*"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "a", "no_proxy": "*", "NO_PROXY": "x"}, None),
        ({}, None),
    ],
)
def test_the_variable(variables: dict[str, str], chosen: str | None) -> None:
    """Lower case comes first, and hides upper case if it is empty; ``https`` before all schemes."""
    proxy = Proxies(variables).proxy_for("https://far.example")
    assert proxy == (None if chosen is None else Proxy(chosen, "http://a"))


def test_its_password_is_not_shown() -> None:
    """The representation names the variable."""
    proxy = Proxies({"HTTPS_PROXY": "http://user:pa55word@proxy.example"}).proxy_for("https://far.example")
    assert repr(proxy) == "<Proxy of HTTPS_PROXY>"


@pytest.mark.parametrize(
    "value",
    [
        "proxy example.org:3128",
        "http://proxy example.org:3128",
        "http://proxy\u00a0example.org",
        "http://pro\txy.example",
        "http://proxy..example",
        "http://.example",
        "http://" + "a" * 64 + ".example",
        "http://proxy<example",
        "http://user:pass word@proxy.example",
        "http://pro%20xy.example",
    ],
)
def test_a_host_that_cannot_exist_is_refused(value: str) -> None:
    """Every connection would fail, as often as it is tried; the error does not quote the value."""
    with pytest.raises(GlobusSDKUsageError, match="HTTPS_PROXY does not name an HTTP proxy") as raised:
        Proxies({"HTTPS_PROXY": value}).proxy_for("https://far.example")
    assert value not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        "proxy",
        "proxy.example.",
        "PROXY_1.example-2.org",
        "bücher.example",
        "xn--bcher-kva.example",
        "10.1.2.3",
        "[fd00::5]",
        "[::ffff:10.1.2.3]",
        "[fe80::1%eth0]",
        "user:pa%20ss@proxy.example",
    ],
)
def test_hosts(host: str) -> None:
    """Names, of any script, and addresses."""
    url = f"http://{host}:3128"
    assert Proxies({"HTTPS_PROXY": url}).proxy_for("https://far.example") == Proxy("HTTPS_PROXY", url)
