"""
Guards, each with what the code would be without it, and the tests that must notice.

``nox -s mutants`` takes the guards out one at a time; every suite here has to fail for each of its guards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ("GUARDS", "Guard")


@dataclass(frozen=True)
class Guard:
    """
    A piece of code that keeps a promise.

    Attributes:
        module: Where it is, below the package.
        code: The piece, which stands there once.
        without: What stands there when the guard is gone.
        tests: Files and directories below ``tests``, one of whose tests must fail then.
    """

    module: str
    code: str
    without: str
    tests: str


def _of(module: str, tests: str, *pieces: tuple[str, str]) -> tuple[Guard, ...]:
    return tuple(Guard(module, code, without, tests) for code, without in pieces)


GUARDS: Final = (
    # what may be asked, and of whom
    *_of(
        "_http/path.py",
        "unit/test_request.py",
        ("if _UUID.fullmatch(text) is None:", "if not text:"),
        ("if _UNSAFE_IN_SEGMENT.search(text) is not None:", "if not text:"),
        ('return quote(text, safe="")', 'return quote(text, safe=",:@&=+$")'),
        ("if not isinstance(text, str) or _UNSAFE_IN_PATH.search(text) is not None:", "if not isinstance(text, str):"),
        ("parts = _relative_to(root, path)", "parts = urlsplit(path)"),
    ),
    *_of("_http/body.py", "unit/test_request.py", ("allow_nan=False", "allow_nan=True")),
    *_of("_http/query.py", "unit/test_request.py", ("if offset is None:", "if offset is None and False:")),
    *_of(
        "client.py",
        "unit/test_request.py exchange adversity/test_secrets.py adversity/test_sent_once.py",
        ("if authorizer is not None and any(", "if authorizer is None and any("),
        ("idempotent=method in _IDEMPOTENT_METHODS if idempotent is None else idempotent,", "idempotent=True,"),
    ),
    *_of(
        "config.py",
        "unit/test_config.py",
        ('if not host or parts.scheme not in {"https", "http"}:', "if not host:"),
        ("if parts.username is not None or parts.password is not None:", "if False:"),
        ('if any(char in "?#\\\\" or ord(char) <= 0x20 for char in url):', "if False:"),
        ('if parts.scheme == "http" and host not in _LOOPBACK:', "if False:"),
    ),
    # trying again
    *_of(
        "transport/_exchange.py",
        "exchange adversity/test_retrying.py adversity/test_secrets.py adversity/test_deadlines.py authorizers",
        ("async with transport.call():", "if True:"),
        ("                    retry_401 = False\n", ""),
        ("            outcome = _redacted(outcome, *request.secrets, *token_of(credentials))\n", ""),
        ("delay is None or delay >= time_left or", "delay is None or"),
        ("or not origin.budget.take(throttled=throttled)", ""),
        ("                _pause(origin, response, retry, delay, now=clock.monotonic())\n", "                pass\n"),
        ("else error.with_traceback(None)", "else error"),
        ("if origin.paused_until - started >= time_left:", "if False:"),
    ),
    *_of(
        "transport/_retry.py",
        "unit/test_retry.py exchange adversity/test_retrying.py",
        ('return idempotent or outcome.stage == "not sent"', "return True"),
        ("isinstance(outcome, ResponseDecodeError) and not outcome.retryable", "False"),
        ("return idempotent or outcome.retry_after is not None", "return True"),
        ("return idempotent and not is_final", "return idempotent"),
        ("if retry_after > self.max_retry_after:", "if False:"),
        ("return min(retry_after + backoff, self.max_retry_after)", "return backoff"),
        ("if self._tokens < cost:", "if False:"),
    ),
    *_of(
        "transport/_rate_limit.py",
        "unit/test_rate_limit.py",
        ("len(self._sent_at) + self._acquired >=", "len(self._sent_at) >="),
        ("async with self._queue_lock:", "if True:"),
    ),
    *_of(
        "transport/_origin.py",
        "unit/test_rate_limit.py exchange adversity",
        (
            "            except BaseException:\n                self._release()\n                raise\n",
            "            finally:\n                pass\n",
        ),
        ("await self._clock.sleep(wait)", "await self._clock.sleep(0)\n            return"),
    ),
    # what comes back
    *_of(
        "transport/_attempt.py",
        "adversity/test_framing.py adversity/test_secrets.py adversity/test_wrong_responses.py exchange"
        " unit/test_request.py",
        ('if "content-length" in headers and "transfer-encoding" in headers:', "if False:"),
        ('if headers.get("transfer-encoding", "chunked").lower() != "chunked":', "if False:"),
        ("if headers.fields > MAX_HEADERS:", "if False:"),
        ("follow_redirects=False", "follow_redirects=True"),
        ("raise error.with_traceback(None) from None", "raise"),
        ('if len({*headers.get("content-length", "").split(", ")}) > 1:', "if False:"),
        ("if response.is_stream_consumed:", "if False:"),
        ("        if self.http.is_closed:\n", "        if False:\n"),
    ),
    *_of(
        "_http/content_coding.py",
        "unit/test_content.py adversity/test_bombs.py adversity/test_truncated_responses.py",
        ("if self._size > self._limit:", "if False:"),
        ("if self._size > _RATIO_FREE and self._size > _RATIO * self._received:", "if False:"),
        ("len(codings) > _MOST_CODINGS or", ""),
        ("if not all(layer.complete for layer in self._layers):", "if False:"),
        ("self._decoder.decompress(data, _STEP)", "self._decoder.decompress(data)"),
    ),
    *_of(
        "_http/json_reader.py",
        "unit/test_json.py",
        ("object_pairs_hook=hook", "object_pairs_hook=None"),
        ("parse_constant=_refuse_constant", "parse_constant=None"),
        ("if _SURROGATE.search(body) is not None and", "if False and"),
        ("document = _loads_deep(text, hook)", "raise"),
        ("and _depth(body) > _MAX_DEPTH:", "and False:"),
        ("if math.isinf(number):", "if False:"),
    ),
    *_of(
        "paging/pages.py",
        "unit/test_paging.py unit/test_concurrent_paging.py",
        ("if key in self._seen:", "if False:"),
        ("if self._fetched and self._fetched[0][0] != cursor:", "if False:"),
        ("if self._empty_pages > _MAX_EMPTY_PAGES:", "if False:"),
        ("\n        async with self._lock:", "\n        if True:"),
        ("\n            async with self._lock:", "\n            if True:"),
    ),
    *_of("_item_source.py", "unit/test_bulk.py", ("async with self._turn:", "if True:")),
    *_of("bulk.py", "unit/test_bulk.py", ("            if self._is_left:\n", "            if False:\n")),
    # the wire
    *_of(
        "transport/_aiohttp_transport.py",
        "adversity/test_surroundings.py adversity/test_stale_connections.py adversity/test_bombs.py"
        " adversity/test_framing.py exchange",
        ("cookie_jar=aiohttp.DummyCookieJar()", "cookie_jar=aiohttp.CookieJar(unsafe=True)"),
        ("            self._unread.close()", "            pass"),
        ("auto_decompress=False", "auto_decompress=True"),
        ("raise _BrokenError from error", "raise"),
        ("allow_redirects=False", "allow_redirects=True"),
        ('if proxy is None or url.scheme != "https" or url.host in _LOOPBACK:', "if proxy is None:"),
    ),
    *_of(
        "transport/_transport.py",
        "adversity/test_loops_threads_forks.py adversity/test_surroundings.py adversity/test_lifetimes.py"
        " exchange authorizers",
        ("if self._loop is not None and self._pid == os.getpid():", "if False:"),
        ("self._sender, self._origins, self._adopted, self._running = None, {}, set(), set()", "pass"),
        ("            await self._finish_adopted()\n", "            pass\n"),
        ("        if not verify:\n            context", "        if True:\n            context"),
        (
            "    async def _finish_adopted(self) -> None:\n",
            "    async def _finish_adopted(self) -> None:\n        return\n",
        ),
    ),
    # secrets
    *_of(
        "secret.py",
        "unit/test_secret.py",
        ('return f"Secret({_MASK!r})"', 'return f"Secret({self._value!r})"'),
        (
            "    def __str__(self) -> str:\n        return _MASK",
            "    def __str__(self) -> str:\n        return self._value",
        ),
        ("return format(_MASK, spec)", "return format(self._value, spec)"),
        ("return (Secret, (_MASK,))", "return (Secret, (self._value,))"),
        ("_TOKEN.fullmatch(value.reveal()) is None", "not value"),
    ),
    *_of(
        "_single_flight.py",
        "unit/test_single_flight.py authorizers",
        ("await asyncio.shield(call.task)", "await call.task"),
        (", context=contextvars.Context()", ""),
        ("raise copy_error(outcome)", "raise outcome"),
        ("return error.with_traceback(None)", "return error"),
        ("            self._owner.adopt(task)\n", "            pass\n"),
        ("self._owner is None and call.is_live", "call.is_live"),
        ("                call.task.cancel()\n", ""),
        ("                self._discard(key, call)  #", "                #"),
        ("call is None or call.task.done() or not call.is_live", "call is None or call.task.done()"),
        ("if not call.task.cancelled() or _is_being_cancelled():", "if True:"),
        ("elif call.task.get_loop() is not asyncio.get_running_loop():", "elif False:"),
    ),
    *_of(
        "authorizers/renewing.py",
        "authorizers",
        ("held.header == refused", "True"),
        ("self._next_attempt_at = self._clock.monotonic() + _PAUSE", "self._next_attempt_at = float('-inf')"),
        ("raise copy_error(self._login_required)", "pass"),
        (
            "self._refreshes: SingleFlight[None] = SingleFlight(_REFRESH, owner=task_owner)",
            "self._refreshes: SingleFlight[None] = SingleFlight(_REFRESH)",
        ),
        ("async with self._clock.timeout(_CALLBACK_SECONDS):", "if True:"),
    ),
    # logging in
    *_of(
        "services/auth/id_token.py",
        "services/auth/test_id_token.py",
        ('if header.get("alg") != _ALGORITHM:', "if False:"),
        ('if not isinstance(kind, str) or kind.upper() != "JWT":', "if False:"),
        ("if name in header:", "if False:"),
        ("            audience=expected.client_id,\n", ""),
        ("            issuer=expected.issuer,\n", ""),
        ('"require": ["iss", "sub", "aud", "exp", "iat"]', '"require": []'),
        ("if not isinstance(subject, str) or not 1 <= len(subject) <= 255:", "if False:"),
        ("any(value != expected.client_id for value in audiences)", "expected.client_id not in audiences"),
        ('claims.get("azp") != expected.client_id', "False"),
        ("if expected.now >= expires + expected.leeway:", "if False:"),
        ("if issued > expected.now + expected.leeway:", "if False:"),
        ("if expires <= issued:", "if False:"),
        ('if "nbf" in claims and', "if False and"),
        ('if expected.nonce is not None and not _equal(claims.get("nonce"), expected.nonce):', "if False:"),
        ('if not _equal(claims["at_hash"], half):', "if False:"),
        ("if len(id_token.reveal()) > _MAX_TOKEN_CHARACTERS:", "if False:"),
        ("return key if public_key(key).key_size >= _MIN_KEY_BITS else None", "return key"),
        ('or entry.get("use", "sig") != "sig"', ""),
        ('{"kty": "RSA", "kid": entry.get("kid"), **numbers}', "dict(entry)"),
        ("if len({key.key_id for key in keys}) != len(keys):", "if False:"),
        ("if len(keys) != 1:", "if False:"),
        ("decode_json(text, reject_duplicate_keys=True)", "decode_json(text)"),
        ("if not 0 <= self.leeway <= _MAX_LEEWAY:", "if False:"),
    ),
    *_of(
        "services/auth/id_token_decoder.py",
        "services/auth/test_id_token_decoder.py",
        ('if configuration.get("issuer") != self._issuer:', "if False:"),
        ("difference if abs(difference) <= _MAX_CLOCK_DIFFERENCE else 0.0", "difference"),
    ),
    *_of(
        "services/auth/cached_document.py",
        "services/auth/test_id_token_decoder.py",
        ("return max(clock.wall() - self.wall, clock.monotonic() - self.monotonic)", "return clock.wall() - self.wall"),
        ("max(clock.wall() - self.wall, clock.monotonic() - self.monotonic)", "clock.monotonic() - self.monotonic"),
        ("            if age < held.lifetime:\n", "            if True:\n"),
        (" and may_request:\n", ":\n"),
        ("if age < held.lifetime + _GRACE and not may_request:", "if False:"),
        ("                if age < held.lifetime + _GRACE:\n", "                if True:\n"),
        ("if not is_running and self._clock.monotonic() < self._requested_at + _REQUEST_INTERVAL:", "if False:"),
        ("if not is_running and", "if"),
        ("min(max(lifetime, _MIN_LIFETIME), _MAX_LIFETIME)", "max(lifetime, _MIN_LIFETIME)"),
        ("min(max(lifetime, _MIN_LIFETIME), _MAX_LIFETIME)", "min(lifetime, _MAX_LIFETIME)"),
    ),
    *_of(
        "services/auth/flows.py",
        "services/auth",
        ("if not isinstance(state, MissingType) and not _equal(state, self.state):", "if False:"),
        ("if not isinstance(iss, MissingType) and not", "if False and not"),
        ("if _VERIFIER.fullmatch(verifier.reveal()) is None:", "if False:"),
        ("if clash := _RESERVED_PARAMETERS.intersection(query_params or ()):", "if clash := ():"),
        ("        tokens.nonce = self.nonce\n", ""),
    ),
    *_of(
        "fastapi/login.py",
        "fastapi/test_login.py",
        ("len(path) <= _MAX_PATH_CHARACTERS and _OWN_PATH.fullmatch(path) is not None", 'path.startswith("/")'),
        (
            "        if not is_own_path(next_path):\n            raise LoginFailed",
            "        if False:\n            raise LoginFailed",
        ),
        ("(origin is None or origin == self.origin)\n            and", ""),
        ('and site in {"same-origin", "none"}', ""),
        ("            and Secret(token) == session.csrf_token\n", ""),
        ("pending is None or cookie != pending.cookie", "pending is None"),
        (
            'value = await self.store.pop(store_key("login", state))',
            'value = await self.store.get(store_key("login", state))',
        ),
        (
            "            for server in refreshed:\n                await self.store.pop",
            "            for server in ():\n                await self.store.pop",
        ),
        ("            await self._end(previous)\n", "            pass\n"),
        ('"httponly": True', '"httponly": False'),
        ('"samesite": "lax"', '"samesite": None'),
        ('"secure": is_secure', '"secure": False'),
        ('self._prefix = "__Host-" if is_secure else ""', 'self._prefix = ""'),
        ("session is not None and session.expires_at > self._now()", "session is not None"),
        ("        await self._revoke([StoredTokens.load(value) for value in values if value is not None])\n", ""),
        ("            self.backend.authorizers.remove((session.key, server))\n", "            pass\n"),
        (
            "            await self._check_own_form(request, session)\n            await self._end(session)",
            "            await self._end(session)",
        ),
        (
            "        claims = await tokens.decode_id_token()\n",
            "        claims = await tokens.decode_id_token(openid_configuration={'issuer': 'https://elsewhere.invalid'})\n",
        ),
    ),
    *_of(
        "fastapi/bearer.py",
        "fastapi/test_bearer.py",
        ("if len(headers) > 1:", "if False:"),
        ("if not self._is_for_this_application(principal, required.scopes):", "if False:"),
        ("self._backend.client_id in audiences and", ""),
        ("and not own.isdisjoint(principal.scopes)", ""),
        ("        if missing:\n", "        if False:\n"),
        ('_NOT_QUOTABLE.sub("", value)', "value"),
    ),
    *_of(
        "fastapi/introspection.py",
        "fastapi",
        ("self._clock.wall() < entry.wall_until and", ""),
        ("and self._clock.monotonic() < entry.monotonic_until", ""),
        ("if principal.expires_at <= self._clock.wall():", "if False:"),
        ("min(self._max_age, principal.expires_at - wall)", "self._max_age"),
        ("if len(entries) > self._max_entries:", "if False:"),
    ),
    # nothing is lost or doubled
    *_of(
        "services/transfer/submissions.py",
        "services/transfer/test_submissions.py",
        (
            '            if not data.get("submission_id"):\n                data',
            "            if True:\n                data",
        ),
        ("        _check(kind, data)\n", ""),
    ),
    # the emulator
    *_of(
        "emulator/auth/grants.py",
        "emulator/test_auth_tokens.py emulator/test_auth_api.py emulator/test_auth_login.py",
        ('    _check_verifier(code, form.get("code_verifier"))\n', ""),
    ),
)
