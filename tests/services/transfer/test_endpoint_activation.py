"""Activation requirements: their properties, and the time until which an endpoint is active."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.services.transfer import ActivationRequirementsResponse

ASKED_AT = 1_800_000_000.0


def requirements(**members: Any) -> ActivationRequirementsResponse:
    document = {
        "DATA_TYPE": "activation_requirements",
        "activated": True,
        "auto_activation_supported": False,
        "expires_in": 3600,
        "expire_time": None,
        "length": 0,
        "oauth_server": None,
        "DATA": [],
        **members,
    }
    raw = RawResponse(
        method="GET", path="/", status=200, reason="OK", headers=Headers([]), body=b"", started_at=ASKED_AT
    )
    read: Any = ActivationRequirementsResponse
    response: ActivationRequirementsResponse = read(raw, document)
    return response


@pytest.mark.parametrize(
    ("members", "seconds", "active"),
    [
        ({}, 3600, True),
        ({}, 3601, False),
        ({"expires_in": -1, "activated": False}, 10**9, True),
        ({"expires_in": 0, "activated": False}, 0, False),
        ({"activated": False}, 1, False),
    ],
)
def test_active_until(members: dict[str, Any], seconds: int, active: bool) -> None:
    """Seconds count from the request, or are POSIX time."""
    response = requirements(**members)
    assert response.active_until(seconds) is active
    assert response.active_until(ASKED_AT + seconds, relative_time=False) is active
    assert response.always_activated is (members.get("expires_in") == -1)


@pytest.mark.parametrize(
    ("members", "auto", "web"),
    [
        ({}, False, False),
        ({"auto_activation_supported": True}, True, True),
        ({"oauth_server": "oauth.example.org"}, False, True),
        ({"DATA": [{"type": "myproxy", "name": "hostname"}]}, False, True),
        ({"DATA": [{"type": "delegate_proxy", "name": "public_key"}]}, False, False),
    ],
)
def test_supported_activation(members: dict[str, Any], auto: bool, web: bool) -> None:
    """Web activation is supported with auto-activation, OAuth or MyProxy."""
    response = requirements(**members)
    assert (response.supports_auto_activation, response.supports_web_activation) == (auto, web)
