"""
The guards of the package, and the tests that fail without them.

``nox -s mutants`` removes the guards one at a time; a test of its list has to fail for each of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.mutants.mutation import Guard, always, drop, never, swap

__all__ = ("GUARDS",)


def _tested_by(tests: str, *guards: Guard) -> tuple[Guard, ...]:
    return tuple(replace(guard, tests=tests) for guard in guards)


GUARDS: Final = (
    # arguments and addresses
    *_tested_by(
        "unit/test_request.py",
        never("_http/path.py:uuid_text", r"_UUID\.fullmatch"),
        never("_http/path.py:_segment", r"_UNSAFE_IN_SEGMENT"),
        swap("_http/path.py:_segment", r"safe=''", "safe=',:@&=+$'"),
        never("_http/path.py:quote_path", r"_UNSAFE_IN_PATH"),
        swap("_http/body.py:json_body", r"allow_nan=False", "allow_nan=True"),
        never("_http/query.py:utc", r"offset is None"),
        never("_http/path.py:checked_path", r"^_QUOTED\.fullmatch"),
        never("_http/path.py:checked_path", r"^_UNSAFE_IN_PATH"),
        never("_http/path.py:fill_path", r"^len\(fields\) != len\(values\)"),
        never("_http/path.py:_template", r"^any\("),
        never("_http/body.py:only_body_encoding", r"> 1$"),
        never("_http/body.py:only_body_encoding", r"^content is not None and"),
        never("_http/request.py:check_method", r"_METHOD"),
        swap("client.py:BaseClient.call", r"checked_path\(path\)", "path"),
        swap("client.py:BaseClient.listing", r"checked_path\(path\)", "path"),
    ),
    *_tested_by(
        "unit/test_request.py exchange adversity/test_secrets.py adversity/test_sent_once.py",
        swap("_http/path.py:split_path", r"_relative_to\(root, path\)", "urlsplit(path)"),
        never("client.py:BaseClient.request", r"^authorizer is not None and any"),
        swap("client.py:BaseClient.call", r"method in _\w+ if idempotent is None else idempotent", "True"),
    ),
    *_tested_by(
        "unit/test_config.py",
        never("config.py:checked_base_url", r"^parts\.scheme not in"),
        never("config.py:checked_base_url", r"^parts\.username is not None or"),
        never("config.py:checked_base_url", r"^any\("),
        never("config.py:checked_base_url", r"^parts\.scheme == 'http' and"),
    ),
    # errors
    *_tested_by(
        "parity/test_errors.py unit/test_gare.py",
        swap(
            "errors/document.py:ErrorDocument.read",
            r"codes\.pop\(\) if len\(codes\) == 1 else None",
            "codes.pop()",
        ),
        swap("errors/document.py:ErrorDocument.read", r"\[document\] if entries is None else entries", "entries or []"),
        always("errors/document.py:ErrorDocument.read", r"^_has_own_message"),
        always("errors/document.py:_entries", r"^all\("),
        swap("errors/authorization.py:ErrorInfo.from_documents", r"_well_formed_parameters", "_parameters"),
        never("errors/authorization.py:GARE.__post_init__", r"^not isinstance\(self\.code, str\)"),
        drop("errors/authorization.py:GlobusAuthorizationParameters.__post_init__", r"^read\("),
    ),
    # retries
    *_tested_by(
        "exchange adversity/test_retrying.py adversity/test_secrets.py adversity/test_deadlines.py authorizers",
        drop("transport/_exchange.py:exchange", r"^retry_401 = False"),
        drop("transport/_exchange.py:exchange", r"^outcome = call\.redacted"),
        never("transport/_exchange.py:exchange", r"^delay >= time_left"),
        never("transport/_exchange.py:exchange", r"^not origin\.budget\.take"),
        drop("transport/_exchange.py:exchange", r"^_pause\("),
        swap("transport/_exchange.py:exchange", r"error\.with_traceback\(None\)", "error"),
        swap("transport/_exchange.py:exchange", r" and \(?time_left > 0\)?", ""),
        never("transport/_attempt.py:Sender.attempt", r"^slot\.origin\.paused_until >= deadline"),
        drop("transport/_call.py:Call.redacted", r"^outcome\.args ="),
    ),
    # the end of a call, by its deadline, by closing, or by an error body that cannot be read
    *_tested_by(
        "exchange",
        swap(
            "transport/_exchange.py:exchange",
            r"clock\.timeout\(deadline - clock\.monotonic\(\)\)",
            "clock.timeout(None)",
        ),
        swap(
            "transport/_exchange.py:exchange",
            r"async with clock\.timeout\((.*?)\):\n(\s+)async with origin(.*) as slot:\n",
            r"async with origin\3 as slot, clock.timeout(\1):\n\2if True:\n",
        ),
        never("transport/_call.py:Call.closed", r"^not self\._maybe_executed"),
        always("transport/_call.py:Call.closed", r"^not self\._maybe_executed"),
        swap("transport/_call.py:Call._maybe_executed", r" or any\(.*\)", ""),
        always("transport/_call.py:Call.failed", r"^response is None or"),
        swap("transport/_call.py:Call.failed", r" or 200 <= response\.status < 300", ""),
        drop("transport/_call.py:Call.end_attempt", r"^self\._reset\(\)"),
        swap("transport/_retry.py:RetryPolicy._may_retry", r"idempotent and outcome\.is_truncated", "False"),
        swap("transport/_retry.py:RetryPolicy._may_retry", r"idempotent and outcome\.is_truncated", "idempotent"),
        swap("errors/network.py:NetworkError.maybe_executed", r" or any\(.*\)", ""),
        never("transport/_attempt.py:Sender.attempt", r"^failure\.stage == 'not sent'"),
    ),
    *_tested_by(
        "unit/test_retry.py exchange adversity/test_retrying.py",
        swap("transport/_retry.py:RetryPolicy._may_retry", r"idempotent or outcome\.stage == 'not sent'", "True"),
        never("transport/_retry.py:RetryPolicy._may_retry", r"^isinstance\(outcome, ResponseDecodeError\) and"),
        swap("transport/_retry.py:RetryPolicy._may_retry", r"idempotent or outcome\.retry_after is not None", "True"),
        always("transport/_retry.py:RetryPolicy._may_retry", r"^not is_final"),
        never("transport/_retry.py:RetryPolicy.delay", r"^retry_after > self\.max_retry_after"),
        swap(
            "transport/_retry.py:RetryPolicy.delay", r"min\(retry_after \+ backoff, self\.max_retry_after\)", "backoff"
        ),
        never("transport/_retry.py:RetryBudget.take", r"^self\._tokens < cost"),
    ),
    *_tested_by(
        "unit/test_rate_limit.py",
        swap(
            "transport/_rate_limit.py:RateLimiter.acquire",
            r"len\(self\._sent_at\) \+ self\._acquired",
            "len(self._sent_at)",
        ),
        swap("transport/_rate_limit.py:RateLimiter.acquire", r"async with self\._queue_lock:", "if True:"),
    ),
    *_tested_by(
        "unit/test_rate_limit.py exchange adversity",
        drop("transport/_origin.py:Slot.__aenter__", r"^self\._release\(\)"),
        swap("transport/_origin.py:Origin.wait_until_resumed", r"await self\._clock\.sleep\(wait\)", "return"),
    ),
    # responses
    *_tested_by(
        "adversity/test_framing.py adversity/test_secrets.py adversity/test_wrong_responses.py exchange"
        " unit/test_request.py",
        never("transport/_attempt.py:Sender._read_body", r"^'content-length' in headers and"),
        never("transport/_attempt.py:Sender._read_body", r"!= 'chunked'"),
        never("transport/_attempt.py:Sender._read_body", r"> MAX_HEADERS"),
        swap("transport/_attempt.py:Sender._send", r"follow_redirects=False", "follow_redirects=True"),
        swap("transport/_attempt.py:Sender._send", r"raise error\.with_traceback\(None\) from None", "raise"),
        never("transport/_attempt.py:Sender._read_body", r"split\(', '\)"),
        never("transport/_attempt.py:Sender._read_body", r"is_stream_consumed"),
        swap(
            "transport/_attempt.py:Sender.attempt",
            r"if self\.http\.is_closed:\n(\s+)if failure",
            r"if False:\n\1if failure",
        ),
    ),
    *_tested_by(
        "unit/test_content.py adversity/test_decompression_bombs.py adversity/test_truncated_responses.py",
        never("_http/content_coding.py:BodyReader._append", r"^self\._size > self\._limit"),
        never("_http/content_coding.py:BodyReader._append", r"^self\._size > _\w+ and"),
        never("_http/content_coding.py:BodyReader.__init__", r"^len\(codings\) >"),
        never("_http/content_coding.py:BodyReader.body", r"^not all\("),
        swap("_http/content_coding.py:", r"\.decompress\(data, _STEP\)", ".decompress(data)"),
    ),
    *_tested_by(
        "unit/test_json.py",
        swap("_http/json_reader.py:_loads", r"object_pairs_hook=hook", "object_pairs_hook=None"),
        swap("_http/json_reader.py:_loads", r"parse_constant or _refuse_constant", "parse_constant"),
        never("_http/json_reader.py:_decode_with_standard_library", r"^_SURROGATE\.search\(body\) is not None and"),
        swap(
            "_http/json_reader.py:_decode_with_standard_library", r"except RecursionError:", "except ZeroDivisionError:"
        ),
        swap("_http/json_reader.py:_Part.decode.next_value", r"_refuse_constant\(constant\)", "None"),
        never("_http/json_reader.py:_decode_with_standard_library", r"_MAX_DEPTH and _depth\(body\) > _MAX_DEPTH"),
    ),
    *_tested_by(
        "unit/test_paging.py unit/test_concurrent_paging.py",
        never("paging/iteration.py:PageIterator._next", r"^key in self\._seen"),
        never("paging/iteration.py:PageIterator._next", r"^self\._fetched and"),
        never("paging/iteration.py:PageIterator._next", r"^self\._empty_pages >"),
        swap("paging/iteration.py:PageIterator.next_page", r"async with self\._lock:", "if True:"),
        swap("paging/iteration.py:ItemIterator.__anext__", r"async with self\._lock:", "if True:"),
    ),
    *_tested_by(
        "unit/test_listing_truncated.py",
        never("paging/pages.py:Pages.__await__", r"^page\.truncated"),
        never("paging/pages.py:Pages._iterate", r"^truncated$"),
        always("paging/pages.py:Pages._iterate", r"^truncated$"),
        always("paging/iteration.py:PageIterator.end", r"^not self\._has_ended"),
        drop("paging/iteration.py:PageIterator.__anext__", r"^self\.end\(\)"),
        drop("paging/iteration.py:Prefetch.__anext__", r"^self\._end\(\)"),
        never("paging/iteration.py:PageIterator._next", r"^self\._ends_at_maximum"),
        swap("paging/page.py:read_page", r"received or following is not None", "received"),
        never("paging/page.py:read_page", r"^count < received"),
        swap("paging/page.py:read_page", r"truncated=is_last and has_more", "truncated=has_more"),
        swap("paging/truncation.py:item_limit", r"max\(1, max_results - offset\)", "max_results"),
        never("paging/truncation.py:item_limit", r"^number is not None$"),
        never("paging/truncation.py:_site_of", r"^_top\(frame\) == 'asyncio'"),
        swap("client.py:BaseClient.listing", r"requested_number\(num_results, .*\)", "num_results"),
        never("paging/truncation.py:requested_number", r"^isinstance\("),
        drop("bulk_calls.py:_Run._make_call", r"^set_call_site"),
        never("paging/pages.py:set_call_site", r"^listing\.call_site is None"),
    ),
    *_tested_by(
        "services/test_default_limits.py",
        swap("services/transfer/tasks.py:TaskMethods.task_list", r"requested_results\(num_results, limit\)", "10"),
    ),
    # connections
    *_tested_by(
        "adversity/test_environment.py adversity/test_stale_connections.py adversity/test_decompression_bombs.py"
        " adversity/test_framing.py exchange",
        swap("transport/_aiohttp_transport.py:", r"aiohttp\.DummyCookieJar\(\)", "aiohttp.CookieJar(unsafe=True)"),
        drop("transport/_aiohttp_transport.py:_Body.aclose", r"^self\._unread\.close\(\)"),
        swap("transport/_aiohttp_transport.py:", r"auto_decompress=False", "auto_decompress=True"),
        swap("transport/_aiohttp_transport.py:", r"raise _BrokenError from error", "raise"),
        swap("transport/_aiohttp_transport.py:", r"allow_redirects=False", "allow_redirects=True"),
        swap(
            "transport/_aiohttp_transport.py:AiohttpTransport._proxy_for",
            r" or url\.scheme != 'https' or url\.host in _LOOPBACK",
            "",
        ),
    ),
    *_tested_by(
        "adversity/test_loops_threads_forks.py adversity/test_environment.py adversity/test_lifetimes.py"
        " exchange authorizers",
        swap(
            "transport/_transport.py:Transport.check",
            r"if self\._loop is not None and self\._pid == os\.getpid\(\):",
            "if False:",
        ),
        drop("transport/_transport.py:Transport.check", r"^self\._sender, self\._origins"),
        drop("transport/_transport.py:Transport.aclose", r"^await self\._finish_adopted"),
        always("transport/_transport.py:_ssl_context", r"^not verify"),
    ),
    # secrets
    *_tested_by(
        "unit/test_secret.py",
        swap("secret.py:Secret.__repr__", r"_MASK", "self._value"),
        swap("secret.py:Secret.__str__", r"_MASK", "self._value"),
        swap("secret.py:Secret.__format__", r"_MASK", "self._value"),
        swap("secret.py:Secret.__reduce__", r"\(_MASK,\)", "(self._value,)"),
        never("secret.py:Secret.token", r"_TOKEN\.fullmatch"),
    ),
    # token refresh
    *_tested_by(
        "authorizers unit/test_single_flight.py",
        swap("_single_flight.py:SingleFlight.join", r"asyncio\.shield\(call\.task\)", "call.task"),
        swap("_single_flight.py:SingleFlight._start", r"context=contextvars\.Context\(\)", "context=None"),
        drop("_single_flight.py:SingleFlight._start", r"^self\._owner\.adopt"),
        swap("_single_flight.py:SingleFlight.join", r"raise copy_error\(outcome\)", "raise outcome"),
        always("authorizers/renewing.py:RenewingAuthorizer.handle_missing_authorization", r"^held\.header == refused"),
        swap("authorizers/renewing.py:RenewingAuthorizer._pause_left", r"pause = _PAUSE", "pause = 0.0"),
        swap("authorizers/renewing.py:RenewingAuthorizer._pause_left", r"min\(_PAUSE, (.*)\)\n", r"\1\n"),
        swap("authorizers/renewing.py:RenewingAuthorizer._pause_left", r", _MAX_RETRY_AFTER\)", ", 1e9)"),
        swap("authorizers/renewing.py:RenewingAuthorizer._failure_copy", r"copy_error\((.*)\)\n", r"\1\n"),
        always(
            "authorizers/renewing.py:RenewingAuthorizer._refresh_locked",
            r"^not isinstance\(failure\.__cause__, GlobusSDKUsageError\)",
        ),
        never("authorizers/renewing.py:_refused", r"^codes & _WRONG_CLIENT"),
        never("authorizers/grants.py:RefreshTokenAuthorizer._token_response", r"^not _may_repeat"),
        always("authorizers/grants.py:RefreshTokenAuthorizer._token_response", r"^not _may_repeat"),
        drop("authorizers/grants.py:RefreshTokenAuthorizer._token_response", r"^error\.add_note"),
        never("authorizers/renewing.py:RenewingAuthorizer.get_authorization_header", r"^not self\._may_refresh\(\)"),
        swap(
            "authorizers/renewing.py:RenewingAuthorizer._call_on_refresh",
            r"async with self\._clock\.timeout\(_CALLBACK_SECONDS\):",
            "if True:",
        ),
    ),
    # logins
    *_tested_by(
        "services/auth/test_id_token.py",
        never("services/auth/id_token.py:_check_header", r"header\.get\('alg'\)"),
        never("services/auth/id_token.py:_check_header", r"^not isinstance\(kind, str\) or"),
        never("services/auth/id_token.py:_check_header", r"^name in header"),
        never("services/auth/id_token.py:_check_parties", r"^not isinstance\(subject, str\) or"),
        never("services/auth/id_token.py:_check_parties", r"^any\("),
        never("services/auth/id_token.py:_check_parties", r"^claims\.get\('azp'\) !="),
        never("services/auth/id_token.py:_check_times", r"^expected\.now >= expires"),
        never("services/auth/id_token.py:_check_times", r"^issued > expected\.now"),
        never("services/auth/id_token.py:_check_times", r"^expires <= issued"),
        never("services/auth/id_token.py:_check_times", r"^'nbf' in claims and"),
        never("services/auth/id_token.py:_time", r"^isinstance\(value, bool\)"),
        never("services/auth/id_token.py:_check_nonce_and_at_hash", r"^expected\.nonce is not None and"),
        never("services/auth/id_token.py:_check_nonce_and_at_hash", r"^not _equal\(claims\['at_hash'\], half\)"),
        never("services/auth/id_token.py:_parse", r"> _MAX_TOKEN_CHARACTERS"),
        swap("services/auth/id_token.py:_decode_base64url", r"decoded if .+ else None", "decoded"),
        always("services/auth/id_token.py:_usable_key", r"key_size >= _MIN_KEY_BITS"),
        never("services/auth/id_token.py:_usable_key", r"^entry\.get\('use', 'sig'\) != 'sig'"),
        never("services/auth/id_token.py:_usable_key", r"^entry\.get\('alg', _ALGORITHM\)"),
        never("services/auth/id_token.py:_usable_key", r"^'verify' not in operations"),
        never("services/auth/id_token.py:read_keys", r"!= len\(keys\)"),
        never("services/auth/id_token.py:_signing_key", r"^len\(keys\) != 1"),
        swap("services/auth/id_token.py:_decode_object", r", reject_duplicate_keys=True", ""),
        never("services/auth/id_token.py:Expected.__post_init__", r"leeway"),
        swap("services/auth/id_token.py:_verify", r"issuer=expected\.issuer", "issuer=None"),
        swap(
            "services/auth/id_token.py:_verify", r"cast\('Any', _OPTIONS\)", "{**_OPTIONS, 'verify_signature': False}"
        ),
    ),
    *_tested_by(
        "services/auth/test_id_token_decoder.py",
        never("services/auth/cached_document.py:CachedDocument.get_newer", r"_REQUEST_INTERVAL"),
        never("services/auth/id_token_decoder.py:IDTokenDecoder._fetch_configuration", r"issuer"),
        swap("services/auth/id_token_decoder.py:_clock_difference", r"difference if .+ else 0\.0", "difference"),
        always("services/auth/cached_document.py:CachedDocument.get", r"^age < held\.lifetime$"),
        swap(
            "services/auth/cached_document.py:CachedDocument._request",
            r"min\(max\(lifetime, _MIN_LIFETIME\), _MAX_LIFETIME\)",
            "lifetime",
        ),
    ),
    *_tested_by(
        "services/auth",
        never(
            "services/auth/flows.py:GlobusOAuthFlowManager._check_redirect",
            r"^not isinstance\(state, MissingType\) and",
        ),
        never(
            "services/auth/flows.py:GlobusOAuthFlowManager._check_redirect", r"^not isinstance\(iss, MissingType\) and"
        ),
        never("services/auth/flows.py:GlobusOAuthFlowManager.__init__", r"_VERIFIER\.fullmatch"),
        never("services/auth/flows.py:GlobusOAuthFlowManager.get_authorize_url", r"_RESERVED_PARAMETERS"),
        drop("services/auth/flows.py:GlobusOAuthFlowManager.exchange_code_for_tokens", r"^tokens\.nonce ="),
        always("services/auth/flows.py:GlobusOAuthFlowManager.exchange_code_for_tokens", r"^self\._may_have_code"),
        never("services/auth/flows.py:GlobusOAuthFlowManager.exchange_code_for_tokens", r"^self\._may_have_code"),
    ),
    *_tested_by(
        "fastapi/test_login.py",
        swap("fastapi/login.py:is_own_path", r"return .+", "return path.startswith('/')"),
        never("fastapi/login.py:GlobusLogin.begin", r"^not is_own_path"),
        never("fastapi/login.py:GlobusLogin._check_own_form", r"^Secret\(token\) !="),
        never("fastapi/login.py:GlobusLogin._claim", r"^cookie != pending\.cookie"),
        swap("fastapi/login.py:GlobusLogin._claim", r"store\.pop", "store.get"),
        swap("fastapi/login.py:GlobusLogin._store_refreshed", r"for server in refreshed:", "for server in ():"),
        drop("fastapi/login.py:GlobusLogin._callback", r"^await self\._end"),
        swap("fastapi/login.py:GlobusLogin.__init__", r"'httponly': True", "'httponly': False"),
        swap("fastapi/login.py:GlobusLogin.__init__", r"'samesite': 'lax'", "'samesite': None"),
        swap("fastapi/login.py:GlobusLogin.__init__", r"'secure': is_secure", "'secure': False"),
        swap("fastapi/login.py:GlobusLogin.__init__", r"'__Host-' if is_secure else ''", "''"),
        always("fastapi/login.py:GlobusLogin.optional_session", r"^session\.expires_at >"),
        drop("fastapi/login.py:GlobusLogin._delete_session", r"^await self\._revoke"),
        drop("fastapi/login.py:GlobusLogin._delete_session", r"^self\.backend\.authorizers\.remove"),
        drop("fastapi/login.py:GlobusLogin._logout", r"^await self\._check_own_form"),
        swap(
            "fastapi/login.py:GlobusLogin._start_session",
            r"decode_id_token\(\)",
            "decode_id_token(openid_configuration={'issuer': 'https://elsewhere.invalid'})",
        ),
    ),
    *_tested_by(
        "fastapi/test_request_origin.py",
        drop("fastapi/login.py:GlobusLogin._logout", r"^check_site"),
        drop("fastapi/login.py:GlobusLogin._protected_session", r"^check_site"),
        drop("fastapi/login.py:GlobusLogin._login", r"^check_navigation"),
        always("fastapi/login.py:GlobusLogin._logout", r"^self\._cookie in"),
        always("fastapi/request_origin.py:is_from_own_site", r"\.issuperset\(sites\)"),
        always("fastapi/request_origin.py:is_from_own_site", r"^own\.issuperset"),
        always("fastapi/request_origin.py:is_from_own_site", r"^sites == \["),
    ),
    *_tested_by(
        "fastapi/test_bearer.py",
        never("fastapi/bearer.py:_token_of", r"^len\(headers\) > 1"),
        never("fastapi/bearer.py:BearerToken.__call__", r"^not self\._is_for_this_application"),
        always("fastapi/bearer.py:BearerToken._is_for_this_application", r"client_id in audiences"),
        always("fastapi/bearer.py:BearerToken._is_for_this_application", r"^not own\.isdisjoint"),
        never("fastapi/bearer.py:BearerToken.__call__", r"^missing$"),
        swap("fastapi/bearer.py:challenge", r"_NOT_QUOTABLE\.sub\(.{2,4}, value\)", "value"),
    ),
    *_tested_by(
        "fastapi",
        always("fastapi/introspection.py:_Entry.is_current", r"^clock\.wall\(\) <"),
        always("fastapi/introspection.py:_Entry.is_current", r"^clock\.monotonic\(\) <"),
        always("fastapi/introspection.py:IntrospectionCache._principal_from", r"^not_before <="),
        always("fastapi/introspection.py:IntrospectionCache._principal_from", r"^now < principal"),
        swap("fastapi/introspection.py:IntrospectionCache.principal_of", r"timeout\(self\._timeout\)", "timeout(None)"),
        swap("fastapi/introspection.py:IntrospectionCache._fetch", r"known=key in self\._active", "known=False"),
        drop("fastapi/introspection.py:IntrospectionCache._fetch", r"^others\.pop"),
        never("fastapi/introspection_queue.py:IntrospectionQueue._wait", r"^len\(queue\) >="),
        never("fastapi/introspection_queue.py:IntrospectionQueue._wait", r"^not granted\.cancelled"),
        always("fastapi/introspection_queue.py:IntrospectionQueue._release", r"^not granted\.done"),
        swap("fastapi/bearer.py:BearerToken.__call__", r"raise _unavailable\(error\) from None", "raise"),
        swap("fastapi/dependent.py:AuthorizerCache.get", r"self\._in_use", "self._recent"),
        swap("fastapi/errors.py:add_error_handlers", r"or _is_mistake\(error\)", "or False"),
        drop("fastapi/errors.py:add_error_handlers", r"^_log\.error"),
        never("fastapi/errors.py:add_error_handlers", r"^connection\.application_state is not"),
        swap("fastapi/introspection.py:", r"min\(self\._max_age, principal\.expires_at - wall\)", "self._max_age"),
        never("fastapi/introspection.py:", r"^len\(entries\) >"),
    ),
    # submissions, bulk
    *_tested_by(
        "services/transfer/test_submissions.py",
        swap(
            "services/transfer/submissions.py:",
            r"(submission_id_of\(await self\.get_submission_id\(\)\)\n\s+)if not data\.get\('submission_id'\):",
            r"\1if True:",
        ),
        drop("services/transfer/submissions.py:SubmissionMethods._submit", r"^_check\("),
        always("services/transfer/submissions.py:SubmissionMethods._submit_encoded", r"^is_uuid"),
        never("services/transfer/submissions.py:submission_id_of", r"^not is_uuid"),
        drop("transport/_attempt.py:Sender.attempt", r"^error\.attempts = earlier$"),
    ),
    *_tested_by(
        "services/transfer/test_task_wait.py services/transfer/test_shared_poller.py",
        swap("services/transfer/waiting/task_poller.py:TaskPoller.poll", r"not is_transient\(error\)", "False"),
        swap(
            "services/transfer/waiting/task_poller.py:TaskPoller._schedule_next",
            r"max\(interval, min\(retry_after, _MAX_RETRY_AFTER\)\)",
            "interval",
        ),
        swap("services/transfer/waiting/task_poller.py:", r"min\(retry_after, _MAX_RETRY_AFTER\)", "retry_after"),
        never("services/transfer/waiting/outcomes.py:classify", r"^fatal$"),
        always("services/transfer/waiting/outcomes.py:StallDetector.faults_since_progress", r"in self\._codes"),
        swap(
            "services/transfer/waiting/task_wait.py:TaskWaitMethods.wait_for_task",
            r"except \(GlobusError, TimeoutError\)",
            "except LookupError",
        ),
        swap(
            "services/transfer/waiting/task_wait.py:TaskWaitMethods.wait_for_task",
            r"(?s)(except TimeoutError:.*clock\.timeout\().*?\):",
            r"\1None):",
        ),
        never("errors/transient.py:is_transient", r"^error\.http_status == 429$"),
        never("errors/transient.py:is_transient", r"^error\.http_status >= 500$"),
    ),
    *_tested_by(
        "services/transfer/test_directory_walk.py",
        swap("services/transfer/directory_walk.py:_is_inside", r"name not in \{'', '\.', '\.\.'\}", "True"),
        swap("services/transfer/directory_walk.py:_is_inside", r"'/' not in name", "True"),
        swap("services/transfer/directory_walk.py:_is_inside", r"'\\x00' not in name", "True"),
        swap("services/transfer/directory_walk.py:_is_inside", r"directory \+ name != '/~'", "True"),
        never("services/transfer/directory_walk.py:DirectoryWalk._advance", r"^self\._max_depth is None and depth >"),
    ),
    *_tested_by(
        "emulator/test_transfer_files.py",
        never("emulator/transfer/storage/directory.py:DirectoryStorage._resolve", r"^'/' in name"),
        never("emulator/transfer/authorized_storage.py:AuthorizedStorage.entries", r"^entry\.name in"),
    ),
    *_tested_by(
        "services/transfer/test_batch_submission.py",
        never("services/transfer/batch/journal.py:Journal._read", r"^not header\.startswith"),
        never("services/transfer/batch/journal.py:Journal._check_header", r"^found != header"),
        never("services/transfer/batch/journal.py:Journal._read_entries", r"^not any\("),
        never("services/transfer/batch/journal.py:Journal._write_at_end", r"st_size < end or"),
        swap("services/transfer/batch/journal.py:Journal._write_at_end", r" and rest != line", ""),
        never("services/transfer/batch/journal.py:_check_and_lock", r"S_ISREG"),
        never("services/transfer/batch/journal.py:Journal._open", r"_NO_LOCKS"),
    ),
    *_tested_by(
        "unit/test_bulk.py",
        never("bulk_calls.py:", r"^self\._is_left$"),
        swap("_item_source.py:", r"async with self\.\w+:", "if True:"),
    ),
    # the emulator
    *_tested_by(
        "emulator/test_auth_tokens.py emulator/test_auth_api.py emulator/test_auth_login.py",
        drop("emulator/auth/grants.py:", r"^_check_verifier\("),
    ),
    *_tested_by(
        "emulator/test_trusted_hosts.py",
        swap("emulator/registry.py:Emulator._serving", r"TrustedHosts\(self\.app, hosts\)", "self.app"),
        never("emulator/trusted_hosts.py:TrustedHosts.__call__", r"self\._is_trusted"),
        never("emulator/trusted_hosts.py:TrustedHosts.__call__", r"^not scope\['raw_path'\]"),
        never("emulator/trusted_hosts.py:TrustedHosts.__call__", r"^len\("),
        never("emulator/trusted_hosts.py:TrustedHosts.__call__", r"^_is_of_another_site"),
        never("emulator/trusted_hosts.py:TrustedHosts._is_trusted", r"^match is None"),
        swap("emulator/trusted_hosts.py:TrustedHosts._is_trusted", r"_AUTHORITY\.fullmatch", "_AUTHORITY.match"),
        swap("emulator/trusted_hosts.py:_is_of_another_site", r"any\(", "all("),
        always("emulator/trusted_hosts.py:_is_of_another_site", r"'same-origin'"),
        swap("emulator/trusted_hosts.py:_is_of_another_site", r"method not in .* or ", ""),
        swap("emulator/trusted_hosts.py:_netloc", r"parts\.scheme in .* else None", "True else None"),
        swap("emulator/auth/routes/web.py:_authorize", r"state\.origins", "{str(request.raw.base_url).rstrip('/')}"),
    ),
    *_tested_by(
        "emulator/test_odd_file_names.py",
        swap(
            "emulator/kit/request.py:Request.document",
            r"parse_json\(self\.body\)",
            "__import__('json').loads(self.body)",
        ),
        never("emulator/kit/strict_json.py:parse_json", r"_ESCAPED_SURROGATE"),
        swap("emulator/kit/strict_json.py:parse_json", r", parse_constant=_refuse", ""),
        never("emulator/kit/strict_json.py:_finite", r"isfinite"),
        swap("emulator/transfer/storage/names.py:", r"udcff\\\\uf780-\\\\uf7ff", "udcff"),
        swap(
            "emulator/transfer/storage/directory.py:DirectoryStorage._inside",
            r"map\(os_name, self\._top\)",
            "self._top",
        ),
        never("emulator/transfer/storage/memory.py:_check_name", r"is_text"),
    ),
    *_tested_by(
        "emulator/test_transfer_files.py",
        swap("emulator/transfer/authorized_storage.py:AuthorizedStorage.entries", r"is_text\(entry\.name\)", "True"),
    ),
    *_tested_by(
        "emulator/test_query_parameters.py",
        never("emulator/kit/routing.py:_endpoint.endpoint", r"refuses_unknown_parameters"),
        never("emulator/kit/request.py:Request.integer", r"_INTEGER"),
        never("emulator/kit/request.py:Request.flag", r"not in _FLAGS"),
        never("emulator/transfer/filters.py:event_filter", r"^field != "),
        never("emulator/transfer/permissions.py:check_local_user", r"entity_type"),
        never("emulator/transfer/permissions.py:check_local_user", r"not in mapped"),
    ),
)
