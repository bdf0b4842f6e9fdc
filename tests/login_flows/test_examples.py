"""The examples in the docstrings of login managers run, and print what they say."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async import NativeAppAuthClient, Secret, login_flows
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.services.auth import OAuthTokenResponse
from tests.login_flows.world import Globus
from tests.toolkit.examples import check_examples, examples_of

CLASSES = (
    login_flows.CommandLineLoginFlowManager,
    login_flows.LocalServerLoginFlowManager,
    login_flows.LoginFlowManager,
)


@pytest.mark.parametrize("documented", CLASSES, ids=lambda each: each.__name__)
async def test_example(globus: Globus, documented: type[Any]) -> None:
    """With a user who enters the code."""

    class AtTerminal(login_flows.CommandLineLoginFlowManager):
        url = ""

        def print_authorize_url(self, authorize_url: str) -> None:
            self.url = authorize_url

        async def prompt_for_code(self) -> str | Secret:
            return globus.redirect(self.url).code

    class InBrowser(login_flows.LocalServerLoginFlowManager):
        def print_authorize_url(self, authorize_url: str) -> None:
            pass

    names = {
        "CommandLineLoginFlowManager": AtTerminal,
        "GlobusAuthorizationParameters": GlobusAuthorizationParameters,
        "LocalServerLoginFlowManager": InBrowser,
        "LoginFlowManager": login_flows.LoginFlowManager,
        "NativeAppAuthClient": NativeAppAuthClient,
        "OAuthTokenResponse": OAuthTokenResponse,
        "emulator": globus.emulator,
        "native_client": globus.client,
    }
    assert examples_of(documented)
    await check_examples(documented, names)
