"""Configuration and signing keys are fetched once per lifetime, and again for an unknown key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from globus_async import GlobusError, GlobusSDKUsageError
from globus_async.errors import ClientClosedError, GlobusAPIError, IdTokenError
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, IDTokenDecoder, NativeAppAuthClient
from tests.services.auth.service import BASE, CLIENT_ID, ReceivedRequest, Service, token_document
from tests.services.auth.tokens import ISSUER, KEY, NOW, OTHER_KEY, at_hash, good_claims, jwk, signed
from tests.toolkit.cancel import every_suspension

CONFIGURATION = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwk.json", "id_token_signing_alg_values_supported": ["none"]}


class Keys:
    """Serves configuration and keys; keys, headers and failures may be changed."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.fails = False
        self.keys: list[dict[str, Any]] = [jwk()]
        self.configuration: dict[str, Any] = dict(CONFIGURATION)
        self.token_response: Any = None
        self.service = Service(self.respond)

    async def respond(self, request: ReceivedRequest) -> Any:
        await asyncio.sleep(0)
        assert request.headers.get("authorization") is None or request.path == "/v2/oauth2/token"
        if self.fails and request.path != "/v2/oauth2/token":
            return httpx.Response(404, json={})
        match request.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json=self.configuration, headers=self.headers)
            case "/jwk.json":
                return httpx.Response(200, json={"keys": self.keys}, headers=self.headers)
            case "/v2/oauth2/token":
                return self.token_response
            case _:
                return httpx.Response(404)

    def requests(self, path: str) -> int:
        return sum(request.path == path for request in self.service.requests)


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def decoder(keys: Keys) -> IDTokenDecoder:
    return IDTokenDecoder(keys.service.client(NativeAppAuthClient, CLIENT_ID))


async def test_concurrent_decodings_make_two_requests(keys: Keys, decoder: IDTokenDecoder) -> None:
    """One for the configuration, one for the keys; later ones make none."""
    claims = await asyncio.gather(*(decoder.decode(signed()) for _ in range(100)))
    assert claims == [good_claims()] * 100
    await decoder.decode(signed())
    assert [request.path for request in keys.service.requests] == ["/.well-known/openid-configuration", "/jwk.json"]


async def test_unknown_kids_cause_at_most_one_request_a_minute(
    keys: Keys, decoder: IDTokenDecoder, summary: Callable[[str], None]
) -> None:
    """For any number of tokens."""
    keys.keys = [jwk(kid="a")]
    good = signed(header={"alg": "RS512", "kid": "a"})
    await decoder.decode(good)
    minutes = 0
    for _ in range(10):
        minutes += 1
        forged = [signed(header={"alg": "RS512", "kid": f"forged {n}"}) for n in range(50)]
        outcomes = await asyncio.gather(*map(decoder.decode, forged), return_exceptions=True)
        assert all(isinstance(outcome, IdTokenError) for outcome in outcomes)
        await decoder.decode(good)
        await keys.service.clock.advance(60)
    fetched = keys.requests("/jwk.json")
    summary(f"{minutes * 50} tokens with unknown keys in {minutes} minutes: {fetched} key requests")
    assert fetched <= 1 + minutes - 1


async def test_a_new_key_is_fetched(keys: Keys, decoder: IDTokenDecoder) -> None:
    """Tokens of a new key are accepted after one more request for the keys, with a kid or without."""
    await decoder.decode(signed())
    keys.keys = [jwk(OTHER_KEY)]
    with pytest.raises(IdTokenError):
        await decoder.decode(signed(key=OTHER_KEY))  # the last request was less than a minute ago
    await keys.service.clock.advance(60)
    outcomes = await asyncio.gather(*(decoder.decode(signed(key=OTHER_KEY)) for _ in range(20)))
    assert len(outcomes) == 20
    assert keys.requests("/jwk.json") == 2
    keys.keys = [jwk(kid="one"), jwk(OTHER_KEY, kid="two")]
    await keys.service.clock.advance(60)
    assert await decoder.decode(signed(header={"alg": "RS512", "kid": "one"}))
    assert keys.requests("/jwk.json") == 3


async def test_a_token_of_a_new_key_waits_for_a_running_request(keys: Keys, decoder: IDTokenDecoder) -> None:
    """Even if that request began earlier."""
    await decoder.decode(signed())
    keys.keys = [jwk(OTHER_KEY, kid="new")]
    await keys.service.clock.advance(60)
    release = asyncio.Event()
    respond = keys.service.respond

    async def respond_later(request: ReceivedRequest) -> Any:
        await release.wait()
        return await respond(request)

    keys.service.respond = respond_later
    token = signed(key=OTHER_KEY, header={"alg": "RS512", "kid": "new"})
    decodings = []
    for _ in range(3):
        decodings.append(asyncio.create_task(decoder.decode(token)))
        await keys.service.clock.advance(0)
    release.set()
    assert await asyncio.gather(*decodings) == [good_claims()] * 3
    assert keys.requests("/jwk.json") == 2


async def test_given_keys_and_configuration_are_not_fetched(keys: Keys, decoder: IDTokenDecoder) -> None:
    """A key set, a JWK, a key; with a configuration or without."""
    for source in ({"keys": [jwk()]}, jwk(), KEY.public_key()):
        assert await decoder.decode(signed(), jwk=source) == good_claims()
        assert await decoder.decode(signed(), jwk=source, openid_configuration=CONFIGURATION) == good_claims()
    assert not keys.service.requests
    with pytest.raises(IdTokenError, match="signature"):
        await decoder.decode(signed(), jwk=OTHER_KEY.public_key())
    assert not keys.service.requests
    with pytest.raises(GlobusSDKUsageError, match="issuer"):
        await decoder.decode(signed(), jwk=jwk(), openid_configuration={})


async def test_a_configuration_of_another_issuer_is_refused(keys: Keys, decoder: IDTokenDecoder) -> None:
    """The issuer must be the URL of the client."""
    keys.configuration["issuer"] = "https://auth.evil.org"
    with pytest.raises(IdTokenError, match="another service"):
        await decoder.decode(signed(good_claims(iss="https://auth.evil.org")))
    keys.configuration["issuer"] = ISSUER
    await keys.service.clock.advance(1)
    assert await decoder.decode(signed())


@pytest.mark.parametrize(
    "address",
    [
        "https://auth.evil.org/jwk.json",
        "http://auth.example.org/jwk.json",
        "https://auth.example.org:8443/jwk.json",
        "//auth.evil.org/jwk.json",
    ],
)
async def test_keys_on_another_origin_are_not_fetched(keys: Keys, decoder: IDTokenDecoder, address: str) -> None:
    """The configuration cannot direct requests or credentials elsewhere."""
    keys.configuration["jwks_uri"] = address
    with pytest.raises(GlobusSDKUsageError, match="sends requests and credentials to"):
        await decoder.decode(signed())
    assert keys.requests("/jwk.json") == 0


async def test_a_failed_request_is_repeated_after_a_second(keys: Keys, decoder: IDTokenDecoder) -> None:
    """The error of the service is raised."""
    respond, keys.service.respond = keys.service.respond, lambda _: httpx.Response(404, json={})
    with pytest.raises(GlobusAPIError):
        await decoder.decode(signed())
    keys.service.respond = respond
    await keys.service.clock.advance(1)
    assert await decoder.decode(signed())
    keys.keys = []
    await keys.service.clock.advance(60)
    with pytest.raises(IdTokenError, match="no RSA key"):
        await decoder.decode(signed(header={"alg": "RS512", "kid": "x"}))
    assert await decoder.decode(signed())


async def test_cancelling_one_decoding_does_not_affect_others(summary: Callable[[str], None]) -> None:
    """At each suspension of a first decoding, and of one after the keys' lifetime, while another one waits."""
    keys = Keys()
    others: list[asyncio.Task[Any]] = []

    async def decode_twice() -> None:
        decoder = IDTokenDecoder(keys.service.client(NativeAppAuthClient, CLIENT_ID))
        for _ in range(2):
            others.append(asyncio.create_task(decoder.decode(signed())))
            await decoder.decode(signed())
            keys.service.clock.step_wall(3601)

    async def the_others_succeed() -> None:
        while others:
            assert await others.pop() == good_claims()

    points = await every_suspension(decode_twice, the_others_succeed)
    await the_others_succeed()
    summary(f"a decoding was cancelled at {points} points; the concurrent one always succeeded")
    assert points > 6


class TestLifetimes:
    """Keys and configuration are refreshed within an hour, and refused soon after if they cannot be."""

    @pytest.mark.parametrize(
        ("cache_control", "lifetime"),
        [
            (None, 3600),
            ("max-age=600", 600),
            ("public, max-age=1800, must-revalidate", 1800),
            ("max-age=60", 60),
            ("max-age=0", 60),
            ("max-age=-600", 60),
            ("no-store", 60),
            ("max-age=soon", 60),
            ("max-age=86400", 3600),
            ("max-age=" + "9" * 400, 3600),
        ],
    )
    async def test_a_withdrawn_key_is_refused_after_its_lifetime(
        self, keys: Keys, decoder: IDTokenDecoder, cache_control: str | None, lifetime: float
    ) -> None:
        """The lifetime is the service's ``max-age``, between a minute and an hour."""
        keys.headers = {} if cache_control is None else {"Cache-Control": cache_control}
        keys.keys = [jwk(kid="old")]
        token = signed(header={"alg": "RS512", "kid": "old"})
        await decoder.decode(token)
        keys.keys = [jwk(OTHER_KEY, kid="new")]
        await keys.service.clock.advance(lifetime * 0.79)
        assert await decoder.decode(token)
        assert keys.requests("/jwk.json") == 1
        await keys.service.clock.advance(lifetime * 0.21)
        with pytest.raises(IdTokenError) as caught:
            await decoder.decode(token)
        assert caught.value.rule == "kid"
        assert keys.requests("/jwk.json") == 2
        assert keys.requests("/.well-known/openid-configuration") == 2
        assert await decoder.decode(signed(key=OTHER_KEY, header={"alg": "RS512", "kid": "new"}))

    async def test_a_key_without_a_kid_is_refused_after_its_lifetime(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """Its successor does not verify its tokens."""
        await decoder.decode(signed())
        keys.keys = [jwk(OTHER_KEY)]
        await keys.service.clock.advance(3600)
        with pytest.raises(IdTokenError) as caught:
            await decoder.decode(signed())
        assert caught.value.rule == "signature"

    async def test_the_age_of_a_cached_response_counts(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """``Age`` is subtracted from ``max-age``."""
        keys.headers = {"Cache-Control": "max-age=600", "Age": "400"}
        await decoder.decode(signed())
        await keys.service.clock.advance(150)
        await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 1
        await keys.service.clock.advance(50)
        await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 2

    async def test_the_background_refresh(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """In the last fifth of the lifetime no token waits, and there is one request for all of them."""
        await decoder.decode(signed())
        await keys.service.clock.advance(3000)
        release = asyncio.Event()
        respond = keys.service.respond

        async def respond_later(request: ReceivedRequest) -> Any:
            await release.wait()
            return await respond(request)

        keys.service.respond = respond_later
        assert await asyncio.gather(*(decoder.decode(signed()) for _ in range(100))) == [good_claims()] * 100
        release.set()
        await keys.service.clock.advance(0)
        assert keys.requests("/jwk.json") == keys.requests("/.well-known/openid-configuration") == 2
        await keys.service.clock.advance(2000)
        keys.fails = True
        await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 2

    async def test_concurrent_decodings_after_the_lifetime_make_two_requests(
        self, keys: Keys, decoder: IDTokenDecoder
    ) -> None:
        """One for the configuration, one for the keys."""
        await decoder.decode(signed())
        await keys.service.clock.advance(4000)
        assert await asyncio.gather(*(decoder.decode(signed()) for _ in range(100))) == [good_claims()] * 100
        assert [request.path for request in keys.service.requests] == [
            "/.well-known/openid-configuration",
            "/jwk.json",
        ] * 2

    async def test_a_failing_service_is_tolerated_for_ten_minutes(
        self, keys: Keys, decoder: IDTokenDecoder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """With one request a minute at most; afterwards no token is accepted until the service is back."""
        await decoder.decode(signed())
        keys.fails = True
        await keys.service.clock.advance(3600)
        for _ in range(10):
            await asyncio.gather(*(decoder.decode(signed()) for _ in range(20)))
            await keys.service.clock.advance(59.9)
        assert keys.requests("/jwk.json") <= 1 + 10
        assert keys.requests("/.well-known/openid-configuration") <= 1 + 10
        assert "the signing keys of Globus Auth could not be refreshed" in caplog.text
        await keys.service.clock.advance(1)
        with pytest.raises(GlobusAPIError) as caught:
            await decoder.decode(signed())
        assert (
            caught.value.__notes__[-1] == "The endpoints of Globus Auth expired 600 s ago and could not be refreshed."
        )
        with pytest.raises(GlobusAPIError) as caught:
            await decoder.decode(signed(), openid_configuration=CONFIGURATION)
        assert (
            caught.value.__notes__[-1]
            == "The signing keys of Globus Auth expired 600 s ago and could not be refreshed."
        )
        keys.fails = False
        await keys.service.clock.advance(60)
        assert await decoder.decode(signed())

    @pytest.mark.parametrize("is_first", [True, False])
    async def test_an_outage_makes_few_requests(self, keys: Keys, decoder: IDTokenDecoder, is_first: bool) -> None:
        """Without a document that may be used, callers get copies of the error until the next attempt."""
        if not is_first:
            await decoder.decode(signed())
            await keys.service.clock.advance(2 * 3600)
        before, begun = len(keys.service.requests), keys.service.clock.monotonic()
        keys.fails = True
        requested_at: list[float] = []
        for _ in range(400):
            count = len(keys.service.requests)
            with pytest.raises(GlobusAPIError) as caught:
                await decoder.decode(signed())
            if len(keys.service.requests) > count:
                requested_at.append(keys.service.clock.monotonic() - begun)
            else:
                note = next(note for note in caught.value.__notes__ if "again" in note)
                assert note.startswith("The endpoints of Globus Auth are requested again in ")
                assert len(caught.value.__notes__) <= 3
            await keys.service.clock.advance(0.5)
        assert requested_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
        assert len(keys.service.requests) == before + 9
        keys.fails = False
        await keys.service.clock.advance(60)
        assert await decoder.decode(signed())

    async def test_wrong_use_is_not_a_failure_of_the_service(self, keys: Keys) -> None:
        """Such as a call after closing: nothing was requested, and the next decoder is not affected."""

        class Client(NativeAppAuthClient):
            is_usable = False

            async def get_openid_configuration(self, **options: Any) -> Any:
                if not self.is_usable:
                    raise ClientClosedError("closed")
                return await super().get_openid_configuration(**options)

        client = keys.service.client(Client, CLIENT_ID)
        decoder = IDTokenDecoder(client)
        with pytest.raises(ClientClosedError):
            await decoder.decode(signed())
        client.is_usable = True
        assert await decoder.decode(signed())

    async def test_a_failed_background_refresh_is_repeated(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """After a minute, without an error for callers."""
        await decoder.decode(signed())
        keys.fails = True
        for seconds in (2900, 60, 60):
            await keys.service.clock.advance(seconds)
            for _ in range(3):
                assert await decoder.decode(signed())
                await keys.service.clock.advance(0)
        assert keys.requests("/jwk.json") == 1 + 3
        keys.fails = False
        await keys.service.clock.advance(60)
        await decoder.decode(signed())
        await keys.service.clock.advance(0)
        keys.fails = True
        await keys.service.clock.advance(2000)
        assert await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 1 + 4

    async def test_an_unusable_key_set_counts_as_failure(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """The previous keys are used for ten minutes, then the key set is refused."""
        await decoder.decode(signed())
        keys.keys = []
        await keys.service.clock.advance(4199)
        assert await decoder.decode(signed())
        await keys.service.clock.advance(1)
        with pytest.raises(IdTokenError) as caught:
            await decoder.decode(signed())
        assert caught.value.rule == "keys"

    async def test_another_issuer_after_the_lifetime_is_refused(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """As on first use; within ten minutes it counts as a failure to refresh."""
        await decoder.decode(signed())
        keys.configuration["issuer"] = "https://auth.evil.org"
        await keys.service.clock.advance(3601)
        assert await decoder.decode(signed())
        await keys.service.clock.advance(600)
        with pytest.raises(IdTokenError, match="another service"):
            await decoder.decode(signed())

    async def test_both_clocks_count(self, keys: Keys, decoder: IDTokenDecoder) -> None:
        """Keys last no longer if the wall clock is set back or the machine is suspended."""
        await decoder.decode(signed())
        keys.service.clock.suspend(3601)
        await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 2
        await keys.service.clock.advance(3601)
        keys.service.clock.step_wall(-3600)
        await decoder.decode(signed())
        assert keys.requests("/jwk.json") == 3

    async def test_unknown_kids_during_a_failure_cause_one_request_a_minute(
        self, keys: Keys, decoder: IDTokenDecoder
    ) -> None:
        """In addition to refreshes that fail."""
        keys.keys = [jwk(kid="a")]
        good, forged = (signed(header={"alg": "RS512", "kid": kid}) for kid in ("a", "forged"))
        await decoder.decode(good)
        keys.fails = True
        await keys.service.clock.advance(3600)
        for _ in range(30):
            await decoder.decode(good)
            outcomes = await asyncio.gather(*(decoder.decode(forged) for _ in range(20)), return_exceptions=True)
            assert all(isinstance(outcome, GlobusError) for outcome in outcomes)
            await keys.service.clock.advance(10)
        assert keys.requests("/jwk.json") <= 1 + 5


class TestTokenResponses:
    async def test_decode_id_token_uses_the_values_of_the_login(self, keys: Keys) -> None:
        """Nonce, access token, client and the service's time."""
        client = keys.service.client(NativeAppAuthClient, CLIENT_ID)
        flow = client.oauth2_start_flow("openid", nonce="the nonce")
        keys.token_response = token_document(id_token=signed())
        tokens = await flow.exchange_code_for_tokens("code", state=flow.state)
        assert (await tokens.decode_id_token()).get("preferred_username") == "ada@example.org"
        assert (await tokens.decode_id_token(CONFIGURATION, jwk()))["sub"]
        for wrong, rule in (({"nonce": "x"}, "nonce"), ({"at_hash": at_hash("x")}, "at_hash"), ({"aud": "x"}, "aud")):
            keys.token_response = token_document(id_token=signed(good_claims(**wrong)))
            tokens = await flow.exchange_code_for_tokens("code")
            with pytest.raises(IdTokenError) as caught:
                await tokens.decode_id_token()
            assert caught.value.rule == rule
        keys.token_response = token_document(id_token=signed())
        tokens = await flow.exchange_code_for_tokens("code")
        with pytest.raises(IdTokenError, match="nonce"):
            await tokens.decode_id_token(nonce="another")

    async def test_the_date_header_corrects_the_clock(self, keys: Keys) -> None:
        """By up to ten minutes; a larger difference is not corrected."""
        client = keys.service.client(ConfidentialAppAuthClient, CLIENT_ID, "secret-of-the-client")
        for skew, accepted in ((0, True), (-590, True), (590, True), (700, False), (-700, False)):
            service_now = NOW + skew
            claims = good_claims(iat=service_now, exp=service_now + 30)
            headers = {"Date": formatdate(service_now, usegmt=True)}
            keys.token_response = httpx.Response(200, json=token_document(id_token=signed(claims)), headers=headers)
            tokens = await client.oauth2_token({"grant_type": "x"})
            if accepted:
                assert await tokens.decode_id_token()
            else:
                with pytest.raises(IdTokenError):
                    await tokens.decode_id_token(leeway=60)

    async def test_a_response_without_an_id_token(self, keys: Keys) -> None:
        """A usage error: the scope was not requested."""
        keys.token_response = token_document()
        tokens = await keys.service.client(NativeAppAuthClient, CLIENT_ID).oauth2_refresh_token("AgR")
        with pytest.raises(GlobusSDKUsageError, match="openid"):
            await tokens.decode_id_token()

    async def test_a_client_without_a_client_id_cannot_decode(self, keys: Keys) -> None:
        """An id_token is issued to a client."""
        with pytest.raises(GlobusSDKUsageError, match="client_id"):
            await IDTokenDecoder(keys.service.client(AuthClient)).decode(signed())


async def test_get_jwk(keys: Keys) -> None:
    """It returns the key set, or the first key that can sign."""
    client = keys.service.client(AuthClient)
    assert (await client.get_openid_configuration())["issuer"] == ISSUER
    assert await client.get_jwk() == {"keys": [jwk()]}
    assert await client.get_jwk(await client.get_openid_configuration()) == {"keys": [jwk()]}
    keys.keys = [{"kty": "EC"}, jwk()]
    key = await client.get_jwk(CONFIGURATION, as_pem=True)
    assert key.public_numbers() == KEY.public_key().public_numbers()
    assert client.base_url == BASE
