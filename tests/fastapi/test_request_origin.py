"""Requests that pages of other sites cause: refused before the session is looked at, without an effect on cookies."""

from __future__ import annotations

import logging

import httpx
import pytest

from tests.fastapi.conftest import ORIGIN, Deployment

FOREIGN = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://other.example.org"},
    {"Origin": "https://portal.example.org.evil.example"},
    {"Origin": "http://portal.example.org"},
    {"Origin": "https://portal.example.org:8443"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": ""},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
]
OWN = [
    {},
    {"Origin": ORIGIN},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},  # of a page with 'Referrer-Policy: no-referrer'
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_site_cannot_end_a_session(deployment: Deployment, headers: dict[str, str]) -> None:
    """Without the cookie, which SameSite withholds; with it, as old browsers send it; and with a token."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    stranger = await deployment.browser()
    for response in (
        await stranger.post("/logout", headers=headers),
        await browser.post("/logout", headers=headers),
        await browser.post("/logout", headers=headers, data={"csrf_token": csrf}),
        await browser.post("/change", headers={**headers, "X-CSRF-Token": csrf}),
        await stranger.post("/change", headers={**headers, "Accept": "text/html"}),
    ):
        assert (response.status_code, response.headers.get_list("set-cookie")) == (403, [])
    assert (await browser.get("/session")).status_code == 200


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_own_pages_can_end_a_session(deployment: Deployment, headers: dict[str, str]) -> None:
    """Also those of browsers that send neither header: then the token of the form is what counts."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    assert (await browser.post("/logout", headers=headers)).status_code == 403
    assert (await browser.post("/change", headers={**headers, "X-CSRF-Token": csrf})).status_code == 200
    assert (await browser.post("/logout", headers=headers, data={"csrf_token": csrf})).status_code == 303
    assert (await browser.get("/session")).status_code == 401


async def test_repeated_headers_are_refused(deployment: Deployment) -> None:
    """Each of them counts, whatever their order."""
    browser = await deployment.browser()
    own, foreign = ("Origin", ORIGIN), ("Origin", "https://evil.example")
    for headers in ([own, foreign], [foreign, own]):
        assert (await browser.post("/logout", headers=headers)).status_code == 403


async def test_a_logout_sets_a_cookie_only_in_browsers_that_have_one(deployment: Deployment) -> None:
    """An old browser may send neither the cookie nor a header that names the other site."""
    browser = await deployment.browser()
    response = await browser.post("/logout")
    assert (response.status_code, response.headers.get_list("set-cookie")) == (303, [])
    ended = await browser.post("/logout", headers={"Cookie": "__Host-globus_session=ended"})
    assert ended.status_code == 303
    assert "Max-Age=0" in ended.headers["set-cookie"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 303),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
    ],
)
async def test_another_site_starts_logins_by_links_only(
    deployment: Deployment, headers: dict[str, str], status: int
) -> None:
    """Images, scripts and frames of another site start none, and set no cookie."""
    browser = await deployment.browser()
    response = await browser.get("/login", headers=headers)
    assert response.status_code == status
    assert (status == 403) == (response.headers.get_list("set-cookie") == [])


async def test_a_foreign_callback_sets_no_cookie(deployment: Deployment) -> None:
    """It comes from another site in any case, and its state decides."""
    attacker, victim = await deployment.browser(), await deployment.browser()
    trap = deployment.authorize(await deployment.start_login(attacker), "bob")
    response: httpx.Response = await victim.get(trap, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, response.headers.get_list("set-cookie")) == (400, [])


async def test_a_refusal_names_both_origins(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong ``public_url`` is found in the log; the header of a stranger cannot forge or flood it."""
    browser = await deployment.browser()
    with caplog.at_level(logging.WARNING):
        await browser.post("/logout", headers={"Origin": "http://localhost:8000"})
        await browser.post("/logout", headers=[(b"Origin", b"\x85" + b"x" * 5000)])
    first, second = caplog.messages
    assert first == f"a POST request from origin 'http://localhost:8000' was refused: the application is at {ORIGIN}"
    assert "\x85" not in second
    assert len(second) < 250
