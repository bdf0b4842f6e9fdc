"""
The examples of globus-sdk 1.2.1's documentation that use the Auth clients, as they stand there.

Indentation, which the text that we have has lost, is put back. What stood for something to be filled in (``'...'``,
``<token_string>``) is a name, and ``print`` closes the bracket that it lacked.
"""

from __future__ import annotations

from tests.services.transfer.seed_examples import SeedExample

__all__ = ("EXAMPLES",)

LOGIN = """
client = globus_sdk.NativeAppAuthClient(CLIENT_ID)
client.oauth2_start_flow({options})

authorize_url = client.oauth2_get_authorize_url()
print('Please go to this URL and login: {{0}}'.format(authorize_url))

# this is to work on Python2 and Python3 -- you can just use raw_input() or
# input() for your specific version
get_input = getattr(__builtins__, 'raw_input', input)
auth_code = get_input(
    'Please enter the code you get after login here: ').strip()
token_response = client.oauth2_exchange_code_for_tokens(auth_code)

globus_auth_data = token_response.by_resource_server['auth.globus.org']
globus_transfer_data = token_response.by_resource_server['transfer.api.globus.org']

# most specifically, you want these tokens as strings
AUTH_TOKEN = globus_auth_data['access_token']
TRANSFER_TOKEN = globus_transfer_data['access_token']
"""

WEB_APPLICATION = '''
def index():
    """
    This could be any page you like, rendered by Flask.
    For this simple example, it will either redirect you to login, or print
    a simple message.
    """
    if not session.get('is_authenticated'):
        return redirect(url_for('login'))
    return "You are successfully logged in!"


def login():
    """
    Login via Globus Auth.
    May be invoked in one of two scenarios:

      1. Login is starting, no state in Globus Auth yet
      2. Returning to application during login, already have short-lived
         code from Globus Auth to exchange for tokens, encoded in a query
         param
    """
    # the redirect URI, as a complete URI (not relative path)
    redirect_uri = url_for('login', _external=True)

    client = load_app_client()
    client.oauth2_start_flow(redirect_uri)

    # If there's no "code" query string parameter, we're in this route
    # starting a Globus Auth login flow.
    # Redirect out to Globus Auth
    if 'code' not in request.args:
        auth_uri = client.oauth2_get_authorize_url()
        return redirect(auth_uri)
    # If we do have a "code" param, we're coming back from Globus Auth
    # and can start the process of exchanging an auth code for a token.
    else:
        code = request.args.get('code')
        tokens = client.oauth2_exchange_code_for_tokens(code)

        # store the resulting tokens in the session
        session.update(
            tokens=tokens.by_resource_server,
            is_authenticated=True
        )
        return redirect(url_for('index'))


def logout():
    """
    - Revoke the tokens with Globus Auth.
    - Destroy the session state.
    - Redirect the user to the Globus Auth logout page.
    """
    client = load_app_client()

    # Revoke the tokens with Globus Auth
    for token in (token_info['access_token']
                  for token_info in session['tokens'].values()):
        client.oauth2_revoke_token(token)

    # Destroy the session state
    session.clear()

    # the return redirection location to give to Globus AUth
    redirect_uri = url_for('index', _external=True)

    # build the logout URI with query params
    # there is no tool to help build this (yet!)
    globus_logout_url = (
        'https://auth.globus.org/v2/web/logout' +
        '?client={}'.format(app.config['PORTAL_CLIENT_ID']) +
        '&redirect_uri={}'.format(redirect_uri) +
        '&redirect_name=Globus Example App')

    # Redirect the user to the Globus Auth logout page
    return redirect(globus_logout_url)

'''
VISIT = """
request.args = {}
page = login()
request.args = {'code': browse(page)}
"""

EXAMPLES = (
    SeedExample(
        "tutorial: login",
        LOGIN.format(options=""),
        {"CLIENT_ID": "native_id"},
        prints="Please go to this URL and login: https://auth.globus.org/v2/oauth2/authorize?...\n",
        effect="globus_transfer_data['refresh_token'] is None and TRANSFER_TOKEN != AUTH_TOKEN",
    ),
    SeedExample(
        "tutorial: refresh tokens",
        LOGIN.format(options="refresh_tokens=True"),
        {"CLIENT_ID": "native_id"},
        prints="Please go to this URL and login: ...access_type=offline...\n",
        effect="globus_transfer_data['refresh_token'] and globus_auth_data['refresh_token']",
    ),
    SeedExample(
        "tutorial: the answer",
        "print(str(token_response.by_resource_server))",
        {"token_response": "tokens"},
        prints="{'auth.globus.org': {'scope': 'openid...', 'access_token': 'Ag...'expires_at_seconds': ...}}\n",
    ),
    SeedExample(
        "AuthClient",
        """
from globus_sdk import AuthClient, AccessTokenAuthorizer
ac = AuthClient(authorizer=AccessTokenAuthorizer(TOKEN))
""",
        {"TOKEN": "auth_token"},
        effect="ac.resource_server == 'auth.globus.org'",
    ),
    SeedExample(
        "get_identities",
        """
# by IDs
r = ac.get_identities(ids=ONE)
r.data
ac.get_identities(
    ids=",".join(
        (ONE,
         OTHER)))
# or by usernames
ac.get_identities(usernames='ada@example.org')
ac.get_identities(
    usernames='ada@example.org,auth@globus.org')
""",
        {"ac": "ac", "ONE": "identity_id", "OTHER": "client_id"},
        effect="r.data['identities'][0]['username'] == 'ada@example.org'",
    ),
    SeedExample(
        "get_identities: iterables",
        """
ac.get_identities(
    usernames=['globus@globus.org', 'auth@globus.org'])
r = ac.get_identities(
    ids=[ONE,
         OTHER])
""",
        {"ac": "ac", "ONE": "identity_id", "OTHER": "client_id"},
        effect="{each['id'] for each in r} == {ONE, OTHER}",
    ),
    SeedExample(
        "oauth2_validate_token: after revocation",
        """
from globus_sdk import ConfidentialAppAuthClient
ac = ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET)
ac.oauth2_revoke_token(TOKEN)
data = ac.oauth2_validate_token(TOKEN)
assert not data['active']
""",
        {"CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret", "TOKEN": "own_token"},
        effect="data.data == {'active': False}",
    ),
    SeedExample(
        "oauth2_validate_token: at boot",
        """
from globus_sdk import ConfidentialAppAuthClient
ac = ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET)
# this is not an SDK function, but a hypothetical function which
# you use to load a token out of configuration data
tok = load_token_from_config(...)

if not tok or not ac.oauth2_validate_token(tok)['active']:
    # do_new_login() is another hypothetical helper
    tok = do_new_login()
# at this point, tok is expected to be a valid token
""",
        {
            "CLIENT_ID": "client_id",
            "CLIENT_SECRET": "client_secret",
            "load_token_from_config": "load_old_token",
            "do_new_login": "load_own_token",
            "new": "own_token",
        },
        effect="tok == new",
    ),
    SeedExample(
        "oauth2_revoke_token",
        """
from globus_sdk import ConfidentialAppAuthClient
ac = ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET)
ac.oauth2_revoke_token(TOKEN)
""",
        {"CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret", "TOKEN": "own_token", "emulator": "emulator"},
        effect="not emulator.auth.tokens.find(TOKEN).is_active(emulator.clock.wall())",
    ),
    SeedExample(
        "oauth2_userinfo",
        """
info = ac.oauth2_userinfo()
print('Effective Identity "{}" has Full Name "{}" and Email "{}"'
      .format(info["sub"], info["name"], info["email"]))
""",
        {"ac": "ac"},
        prints='Effective Identity "..." has Full Name "Ada Lovelace" and Email "ada@example.org"\n',
    ),
    SeedExample(
        "oauth2_client_credentials_tokens",
        """
client = ConfidentialAppAuthClient("CID1001", "RAND2002")
tokens = client.oauth2_client_credentials_tokens()
transfer_token_info = (
    tokens.by_resource_server["transfer.api.globus.org"])
transfer_token = transfer_token_info["access_token"]
""",
        effect="transfer_token_info['scope'].endswith(':all')",
    ),
    SeedExample(
        "oauth2_token_introspect",
        """
ac = globus_sdk.ConfidentialAppAuthClient(
    CLIENT_ID, CLIENT_SECRET)
r = ac.oauth2_token_introspect(TOKEN)
""",
        {"CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret", "TOKEN": "own_token"},
        effect="r['active'] and r['username'] == CLIENT_ID + '@clients.auth.globus.org'",
    ),
    SeedExample(
        "native app flow",
        """
client = globus_sdk.NativeAppAuthClient(CLIENT_ID)
client.oauth2_start_flow()

authorize_url = client.oauth2_get_authorize_url()
print('Please go to this URL and login: {0}'.format(authorize_url))

# or just input() on python3
auth_code = raw_input(
    'Please enter the code you get after login here: ').strip()
token_response = client.oauth2_exchange_code_for_tokens(auth_code)

# the useful values that you want at the end of this
globus_auth_data = token_response.by_resource_server['auth.globus.org']
globus_transfer_data = token_response.by_resource_server['transfer.api.globus.org']
globus_auth_token = globus_auth_data['access_token']
globus_transfer_token = globus_transfer_data['access_token']
""",
        {"CLIENT_ID": "native_id"},
        prints="Please go to this URL and login: ...\n",
        effect="globus_auth_token and globus_transfer_token",
    ),
    SeedExample(
        "client credentials flow",
        """
client = globus_sdk.ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET)
token_response = client.oauth2_client_credentials_tokens()

# the useful values that you want at the end of this
globus_auth_data = token_response.by_resource_server['auth.globus.org']
globus_transfer_data = token_response.by_resource_server['transfer.api.globus.org']
globus_auth_token = globus_auth_data['access_token']
globus_transfer_token = globus_transfer_data['access_token']
authorizer = globus_sdk.AccessTokenAuthorizer(globus_transfer_token)
""",
        {"CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret"},
        effect="globus_auth_token != globus_transfer_token",
    ),
    SeedExample(
        "authorizers with refresh tokens",
        """
from globus_sdk import (AuthClient, TransferClient, ConfidentialAppAuthClient,
                        RefreshTokenAuthorizer)

# making the authorizer requires that we have an AuthClient which can talk
# OAuth2 to Globus Auth
internal_auth_client = ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET)

# now let's bake a couple of authorizers
auth_authorizer = RefreshTokenAuthorizer(AUTH_REFRESH_TOKEN,
                                         internal_auth_client)
transfer_authorizer = RefreshTokenAuthorizer(TRANSFER_REFRESH_TOKEN,
                                             internal_auth_client)

# auth_client here is totally different from "internal_auth_client" above
# the former is being used to request new tokens periodically, while this
# one represents a user authenticated with those tokens
auth_client = AuthClient(authorizer=auth_authorizer)
# transfer_client doesn't have to contend with this duality -- it's always
# representing a user
transfer_client = TransferClient(authorizer=transfer_authorizer)
info = auth_client.oauth2_userinfo()
""",
        {
            "CLIENT_ID": "client_id",
            "CLIENT_SECRET": "client_secret",
            "AUTH_REFRESH_TOKEN": "auth_refresh_token",
            "TRANSFER_REFRESH_TOKEN": "transfer_refresh_token",
        },
        effect="info['preferred_username'] == 'ada@example.org'",
    ),
    SeedExample(
        "web application: the page before login",
        WEB_APPLICATION + "page = index()",
        effect="page == '/login'",
    ),
    SeedExample(
        "web application: login",
        WEB_APPLICATION + VISIT + "page = login()",
        refused="invalid_grant",
    ),
    SeedExample(
        "web application: login, with the flow of the first visit",
        WEB_APPLICATION.replace("client.oauth2_start_flow(redirect_uri)", "resume_or_start(client, redirect_uri)")
        + VISIT
        + "page = login()\ntext = index()\nend = logout()",
        effect="(page, text, session) == ('/', 'You are successfully logged in!', {}) and 'web/logout' in end",
    ),
)
"""
The web application starts a new flow when its user comes back; with PKCE it must go on with the first one: that one
example is refused as it stands, and runs when it does so.
"""
