"""
The examples in the documentation of globus-sdk 1.2.1 that use `TransferClient`, unchanged.

Exceptions: lost indentation is restored; syntax errors (``task["x")``, ``elif a = b``, ``done = f():``), a wrong
variable name and a misspelt class are corrected; placeholders (``...``) are names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ("EXAMPLES", "SeedExample")


@dataclass(frozen=True)
class SeedExample:
    """An example: its source, its globals, and its expected output and effect."""

    name: str
    source: str
    given: dict[str, Any] = field(default_factory=dict)
    """Globals of the example, by names of the world."""
    prints: str = ""
    effect: str = ""
    """An expression that is true after the example."""
    refused: str = ""
    """The code of the error with which the current service refuses it."""

    def __str__(self) -> str:
        return self.name


RETRIES = '''
import logging
from globus_sdk import GlobusAPIError, NetworkError
logger = logging.getLogger(__name__)

def retry_globus_function(func, retries=5, func_name='<func>'):
    """
    Define what it means to retry a "Globus Function", some function or
    method which produces Globus SDK errors on failure.
    """
    def actually_retry():
        """
        Helper: run the next retry
        """
        return retry_globus_function(func, retries=(retries - 1),
                                     func_name=func_name)

    def check_for_reraise():
        """
        Helper: check if we should reraise an error
        logs an error message on reraise
        must be run inside an exception handler
        """
        if retries < 1:
            logger.error('Retried {} too many times.'
                         .format(func_name))
            raise

    try:
        return func()
    except NetworkError:
        logger.debug(('Globus func {} experienced a network error'
                      .format(func_name)), exc_info=True)
        check_for_reraise()
    except GlobusAPIError:
        logger.warn(('Globus func {} experienced a network error'
                     .format(func_name)), exc_info=True)
        check_for_reraise()
    # if we reach this point without returning or erroring, retry
    return actually_retry()

def submit_transfer_with_retries(transfer_client, transfer_data):
    # create a function with no arguments, for our retry handler
    def locally_bound_func():
        return transfer_client.submit_transfer(transfer_data)
    return retry_globus_function(locally_bound_func,
                                 func_name='submit_transfer')

from globus_sdk import TransferClient, TransferData
transfer_client = TransferClient(...)
submission_data = TransferData(
    transfer_client, source_endpoint_uuid, dest_endpoint_uuid)
submission_data.add_item('/source/path', 'dest/path')
submit_transfer_with_retries(transfer_client, submission_data)
'''

EXAMPLES = (
    SeedExample(
        "tutorial",
        """
authorizer = globus_sdk.AccessTokenAuthorizer(TRANSFER_TOKEN)
tc = globus_sdk.TransferClient(authorizer=authorizer)
# high level interface; provides iterators for list responses
print("My Endpoints:")
for ep in tc.endpoint_search(filter_scope="my-endpoints"):
    print("[{}] {}".format(ep["id"], ep["display_name"]))
""",
        {"TRANSFER_TOKEN": "token"},
        prints="My Endpoints:\n[...] Archive\n...Lab storage\n...",
    ),
    SeedExample(
        "refresh tokens",
        """
globus_transfer_data = token_response.by_resource_server['transfer.api.globus.org']
# the refresh token and access token, often abbr. as RT and AT
transfer_rt = globus_transfer_data['refresh_token']
transfer_at = globus_transfer_data['access_token']
expires_at_s = globus_transfer_data['expires_at_seconds']
authorizer = globus_sdk.RefreshTokenAuthorizer(
    transfer_rt, client, access_token=transfer_at, expires_at=expires_at_s)
# and try using `tc` to make TransferClient calls. Everything should just
# work -- for days and days, months and months, even years
tc = globus_sdk.TransferClient(authorizer=authorizer)
""",
        {"token_response": "token_response", "client": "native_client"},
        effect="tc.authorizer is authorizer",
    ),
    SeedExample(
        "task history",
        """
from globus_sdk import TransferClient
# you must have transfer_token in your config for this to work
tc = TransferClient()
print("My Last 25 Tasks:")
# `filter` to get Delete Tasks (default is just Transfer Tasks)
for task in tc.task_list(num_results=25, filter="type:TRANSFER,DELETE"):
    print(task["task_id"], task["type"], task["status"])
""",
        prints="My Last 25 Tasks:\n... DELETE ACTIVE\n... TRANSFER SUCCEEDED\n",
    ),
    SeedExample(
        "get_endpoint",
        """
tc = globus_sdk.TransferClient(...)
endpoint = tc.get_endpoint(endpoint_id)
print("Endpoint name:",
      endpoint["display_name"] or endpoint["canonical_name"])
""",
        prints="Endpoint name: Lab storage\n",
    ),
    SeedExample(
        "update_endpoint",
        """
tc = globus_sdk.TransferClient(...)
epup = dict(display_name="My New Endpoint Name",
            description="Better Description")
update_result = tc.update_endpoint(endpoint_id, epup)
""",
        effect="update_result['code'] == 'Updated'",
    ),
    SeedExample(
        "create_endpoint",
        """
tc = globus_sdk.TransferClient(...)
ep_data = {
    "DATA_TYPE": "endpoint",
    "display_name": display_name,
    "DATA": [
        {
            "DATA_TYPE": "server",
            "hostname": "gridftp.example.edu",
        },
    ],
}
create_result = tc.create_endpoint(ep_data)
endpoint_id = create_result["id"]
""",
        {"display_name": "display_name"},
        effect="create_result['code'] == 'Created'",
    ),
    SeedExample(
        "delete_endpoint",
        """
tc = globus_sdk.TransferClient(...)
delete_result = tc.delete_endpoint(endpoint_id)
""",
        {"endpoint_id": "guest_collection_id"},
        effect="delete_result['code'] == 'Deleted'",
    ),
    SeedExample(
        "endpoint_search: text",
        """
tc = globus_sdk.TransferClient(...)
for ep in tc.endpoint_search('String to search for!'):
    print(ep['display_name'])
for ep in tc.endpoint_search('foo', filter_scope='my-endpoints'):
    print('{0} has ID {1}'.format(ep['display_name'], ep['id']))
for ep in tc.endpoint_search('String to search for!',
                             num_results=120):
    print(ep['display_name'])
for ep in tc.endpoint_search('String to search for!',
                             num_results=None):
    print(ep['display_name'])
""",
    ),
    SeedExample(
        "endpoint_autoactivate: by hand",
        """
tc = globus_sdk.TransferClient(...)
r = tc.endpoint_autoactivate(ep_id, if_expires_in=3600)
while (r["code"] == "AutoActivationFailed"):
    print("Endpoint requires manual activation, please open "
          "the following URL in a browser to activate the "
          "endpoint:")
    print("https://www.globus.org/app/endpoints/%s/activate"
          % ep_id)
    # For python 2.X, use raw_input() instead
    input("Press ENTER after activating the endpoint:")
    r = tc.endpoint_autoactivate(ep_id, if_expires_in=3600)
""",
        {"ep_id": "endpoint_id"},
        effect="r['code'] == 'AlreadyActivated'",
    ),
    SeedExample(
        "endpoint_autoactivate: by code",
        """
tc = globus_sdk.TransferClient(...)
r = tc.endpoint_autoactivate(ep_id, if_expires_in=3600)
if r['code'] == 'AutoActivationFailed':
    print('Endpoint({}) Not Active! Error! Source message: {}'
          .format(ep_id, r['message']))
    sys.exit(1)
elif r['code'] == 'AutoActivated.CachedCredential':
    print('Endpoint({}) autoactivated using a cached credential.'
          .format(ep_id))
elif r['code'] == 'AutoActivated.GlobusOnlineCredential':
    print(('Endpoint({}) autoactivated using a built-in Globus '
           'credential.').format(ep_id))
elif r['code'] == 'AlreadyActivated':
    print('Endpoint({}) already active until at least {}'
          .format(ep_id, 3600))
""",
        {"ep_id": "endpoint_id"},
        prints="Endpoint(...) already active until at least 3600\n",
    ),
    SeedExample(
        "create_shared_endpoint",
        """
tc = globus_sdk.TransferClient(...)
shared_ep_data = {
    "DATA_TYPE": "shared_endpoint",
    "host_endpoint": host_endpoint_id,
    "host_path": host_path,
    "display_name": display_name,
    # optionally specify additional endpoint fields
    "description": "my test share"
}
create_result = tc.create_shared_endpoint(shared_ep_data)
endpoint_id = create_result["id"]
""",
        {"host_endpoint_id": "endpoint_id", "host_path": "host_path", "display_name": "display_name"},
        effect="create_result['code'] == 'Created'",
    ),
    SeedExample(
        "add_endpoint_acl_rule",
        """
tc = globus_sdk.TransferClient(...)
rule_data = {
    "DATA_TYPE": "access",
    "principal_type": "identity",
    "principal": identity_id,
    "path": "/dataset1/",
    "permissions": "rw",
}
result = tc.add_endpoint_acl_rule(endpoint_id, rule_data)
rule_id = result["access_id"]
""",
        {"endpoint_id": "guest_collection_id"},
        effect="result['code'] == 'Created'",
    ),
    SeedExample(
        "operation_ls",
        """
tc = globus_sdk.TransferClient(...)
for entry in tc.operation_ls(ep_id, path="/~/project1/"):
    print(entry["name"], entry["type"])
""",
        {"ep_id": "endpoint_id"},
        prints="data dir\nfile1.txt file\n",
    ),
    SeedExample(
        "operation_mkdir",
        """
tc = globus_sdk.TransferClient(...)
tc.operation_mkdir(ep_id, path="/~/newdir/")
""",
        {"ep_id": "endpoint_id"},
    ),
    SeedExample(
        "operation_rename",
        """
tc = globus_sdk.TransferClient(...)
tc.operation_rename(ep_id, oldpath="/~/file1.txt",
                    newpath="/~/project1data.txt")
""",
        {"ep_id": "endpoint_id"},
    ),
    SeedExample(
        "operation_symlink",
        """
tc = globus_sdk.TransferClient(...)
tc.operation_symlink(ep_id, symlink_target="/~/file1.txt",
                     path="/~/link-to-file1.txt")
""",
        {"ep_id": "endpoint_id"},
    ),
    SeedExample(
        "submit_transfer",
        """
tc = globus_sdk.TransferClient(...)
tdata = globus_sdk.TransferData(tc, source_endpoint_id,
                                destination_endpoint_id,
                                label="SDK example",
                                sync_level="checksum")
tdata.add_item("/source/path/dir/", "/dest/path/dir/",
               recursive=True)
tdata.add_item("/source/path/file.txt",
               "/dest/path/file.txt")
transfer_result = tc.submit_transfer(tdata)
print("task_id =", transfer_result["task_id"])
""",
        {"source_endpoint_id": "source_id", "destination_endpoint_id": "destination_id"},
        prints="task_id = ...\n",
        effect="transfer_result['code'] == 'Accepted'",
    ),
    SeedExample(
        "submit_delete",
        """
tc = globus_sdk.TransferClient(...)
ddata = globus_sdk.DeleteData(tc, endpoint_id, recursive=True)
ddata.add_item("/dir/to/delete/")
ddata.add_item("/file/to/delete/file.txt")
delete_result = tc.submit_delete(ddata)
print("task_id =", delete_result["task_id"])
""",
        prints="task_id = ...\n",
        effect="delete_result['code'] == 'Accepted'",
    ),
    SeedExample(
        "task_list",
        """
tc = TransferClient(...)
for task in tc.task_list():
    print("Task({}): {} -> {}".format(
        task["task_id"], task["source_endpoint"],
        task["destination_endpoint"]))
""",
        prints="Task(...): ... -> ...\n",
    ),
    SeedExample(
        "task_event_list",
        """
tc = TransferClient(...)
for event in tc.task_event_list(task_id):
    print("Event on Task({}) at {}:\\n{}".format(
        task_id, event["time"], event["description"]))
""",
        prints="Event on Task(...) at ...:\nsucceeded\nEvent on Task(...) at ...:\nstarted\n",
    ),
    SeedExample(
        "task_wait: a warning every minute",
        """
tc = TransferClient(...)
while not tc.task_wait(task_id, timeout=60):
    print("Another minute went by without {0} terminating"
          .format(task_id))
""",
    ),
    SeedExample(
        "task_wait: ten minutes",
        """
tc = TransferClient(...)
done = tc.task_wait(task_id, timeout=600, polling_interval=60)
if not done:
    print("{0} didn't successfully terminate!"
          .format(task_id))
else:
    print("{0} completed".format(task_id))
""",
        prints="... completed\n",
    ),
    SeedExample(
        "task_wait: dots",
        """
tc = TransferClient(...)
while not tc.task_wait(task_id, timeout=1, polling_interval=1):
    print(".", end="")
print("\\n{0} completed!".format(task_id))
""",
        prints="\n... completed!\n",
    ),
    SeedExample(
        "task_successful_transfers",
        """
tc = TransferClient(...)
for info in tc.task_successful_transfers(task_id):
    print("{} -> {}".format(
        info["source_path"], info["destination_path"]))
""",
        prints="/source/path/dir/a.txt -> /dest/path/dir/a.txt\n/source/path/dir/b.txt -> /dest/path/dir/b.txt\n",
    ),
    SeedExample(
        "endpoint_manager_task_list",
        """
tc = TransferClient(...)
for task in tc.endpoint_manager_task_list():
    print("Task({}): {} -> {}\\n was submitted by\\n {}".format(
        task["task_id"], task["source_endpoint"],
        task["destination_endpoint"], task["owner_string"]))
tc = TransferClient(...)
for task in tc.endpoint_manager_task_list(num_results=None):
    print("Task({}): {} -> {}\\n was submitted by\\n {}".format(
        task["task_id"], task["source_endpoint"],
        task["destination_endpoint"], task["owner_string"]))
""",
        refused="BadRequest",  # the current service requires a filter here
    ),
    SeedExample(
        "endpoint_manager_create_pause_rule",
        """
tc = globus_sdk.TransferClient(...)
rule_data = {
    "DATA_TYPE": "pause_rule",
    "message": "Message to users explaining why tasks are paused",
    "endpoint_id": endpoint_id,
    "identity_id": None,  # affect all users on endpoint
    "start_time": None    # start now
}
create_result = tc.endpoint_manager_create_pause_rule(rule_data)
rule_id = create_result["id"]
""",
        effect="create_result['identity_id'] is None",
    ),
    SeedExample(
        "endpoint_manager_update_pause_rule",
        """
tc = globus_sdk.TransferClient(...)
rule_data = {
    "message": "Update to pause, reads are now allowed.",
    "pause_ls": False,
    "pause_task_transfer_read": False
}
update_result = tc.endpoint_manager_update_pause_rule(rule_id, rule_data)
""",
        {"rule_id": "pause_rule_id"},
        effect="update_result['pause_ls'] is False",
    ),
    SeedExample(
        "active_until",
        """
num_secs_allowed = N + M
tc = TransferClient(...)
reqs_doc = tc.endpoint_get_activation_requirements(endpoint_id)
if not reqs_doc.active_until(num_secs_allowed):
    raise Exception("Endpoint won't be active long enough")
oct18_2016 = 1476803436
tc = TransferClient(...)
reqs_doc = tc.endpoint_get_activation_requirements(endpoint_id)
if not reqs_doc.active_until(oct18_2016, relative_time=False):
    raise Exception("Endpoint won't be active long enough")
""",
        {"N": "seconds", "M": "seconds"},
        effect="reqs_doc.always_activated",
    ),
    SeedExample(
        "supports_auto_activation",
        """
tc = TransferClient(...)
reqs_doc = tc.endpoint_get_activation_requirements(endpoint_id)
if not reqs_doc.supports_auto_activation:
    print(("This endpoint requires web activation. "
           "Please login and activate the endpoint here:\\n"
           "https://www.globus.org/app/endpoints/{}/activate")
          .format(endpoint_id), file=sys.stderr)
    input("Please Hit Enter When You Are Done")
""",
    ),
    SeedExample(
        "supports_web_activation",
        """
tc = TransferClient(...)
reqs_doc = tc.endpoint_get_activation_requirements(endpoint_id)
if not reqs_doc.supports_web_activation:
    print("Highly unusual endpoint. " +
          "Cannot webactivate. Raw doc: " +
          str(reqs_doc), file=sys.stderr)
    print("Sending user to web anyway, just in case.",
          file=sys.stderr)
""",
    ),
    SeedExample(
        "iterable responses",
        """
tc = TransferClient(...)
r = tc.operation_ls(endpoint_id, path="/~/project1/")
print("Path:", r["path"])
# Equivalent to: for item in r["DATA"]
for item in r:
    print(item["name"], item["type"])
""",
        prints="Path: /~/project1/\ndata dir\nfile1.txt file\n",
    ),
    SeedExample(
        "errors: all",
        """
import logging
from globus_sdk import TransferClient, GlobusError
refused = False
try:
    tc = TransferClient()
    # search with no parameters will throw an exception
    for ep in tc.endpoint_search():
        print(ep)
except GlobusError:
    logging.exception("Globus Error!")
    refused = True
""",
        effect="refused",
    ),
    SeedExample(
        "errors: by kind",
        """
import logging
from globus_sdk import (TransferClient,
                        GlobusError, GlobusAPIError, NetworkError)
try:
    tc = TransferClient()
    eps = tc.endpoint_search(filter_fulltext="myendpointsearch")
    for ep in eps:
        print(ep["display_name"])
except GlobusAPIError as e:
    # Error response from the REST service, check the code and message for
    # details.
    logging.error(("Got a Globus API Error\\n"
                   "Error Code: {}\\n"
                   "Error Message: {}").format(e.code, e.message))
    raise e
except NetworkError:
    logging.error(("Network Failure. "
                   "Possibly a firewall or connectivity issue"))
    raise
except GlobusError:
    logging.exception("Totally unexpected GlobusError!")
    raise
""",
    ),
    SeedExample(
        "RefreshTokenAuthorizer",
        """
import globus_sdk
auth_client = globus_sdk.ConfidentialAppAuthClient(client_id, client_secret)
# do some flow to get a refresh token from auth_client
rt_authorizer = globus_sdk.RefreshTokenAuthorizer(
    refresh_token, auth_client)
# create a new client
transfer_client = globus_sdk.TransferClient(authorizer=rt_authorizer)
""",
        {"client_id": "client_id", "client_secret": "client_secret", "refresh_token": "token"},
        effect="transfer_client.authorizer is rt_authorizer",
    ),
    SeedExample(
        "ClientCredentialsAuthorizer",
        """
import globus_sdk
confidential_client = globus_sdk.ConfidentialAppAuthClient(
    client_id=client_id, client_secret=client_secret)
cc_authorizer = globus_sdk.ClientCredentialsAuthorizer(
    confidential_client, scopes)
# create a new client
transfer_client = globus_sdk.TransferClient(authorizer=cc_authorizer)
""",
        {"client_id": "client_id", "client_secret": "client_secret", "scopes": "scopes"},
        effect="transfer_client.authorizer is cc_authorizer",
    ),
    SeedExample(
        "AccessTokenAuthorizer",
        """
from globus_sdk import AuthClient, TransferClient, AccessTokenAuthorizer
# note that we don't provide the client ID in this case
# if you're using an Access Token you can't do the OAuth2 flows
auth_client = AuthClient(
    authorizer=AccessTokenAuthorizer(AUTH_ACCESS_TOKEN))
transfer_client = TransferClient(
    authorizer=AccessTokenAuthorizer(TRANSFER_ACCESS_TOKEN))
""",
        {"AUTH_ACCESS_TOKEN": "token", "TRANSFER_ACCESS_TOKEN": "token"},
        effect="auth_client is not transfer_client",
    ),
    SeedExample(
        "authorizers of two clients",
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
auth_client = AuthClient(authorizer=auth_authorizer)
# transfer_client doesn't have to contend with this duality -- it's always
# representing a user
transfer_client = TransferClient(authorizer=transfer_authorizer)
""",
        {
            "CLIENT_ID": "client_id",
            "CLIENT_SECRET": "client_secret",
            "AUTH_REFRESH_TOKEN": "token",
            "TRANSFER_REFRESH_TOKEN": "token",
        },
        effect="transfer_client.authorizer is transfer_authorizer",
    ),
    SeedExample(
        "client credentials grant",
        """
authorizer = globus_sdk.AccessTokenAuthorizer(globus_transfer_token)
tc = globus_sdk.TransferClient(authorizer=authorizer)
print("Endpoints Belonging to {}@clients.auth.globus.org:"
      .format(CLIENT_ID))
for ep in tc.endpoint_search(filter_scope="my-endpoints"):
    print("[{}] {}".format(ep["id"], ep["display_name"]))
""",
        {"CLIENT_ID": "client_id", "globus_transfer_token": "token"},
        prints="Endpoints Belonging to ...@clients.auth.globus.org:\n[...] Archive\n...Lab storage\n...",
    ),
    SeedExample(
        "three-legged flow",
        """
authorizer = globus_sdk.AccessTokenAuthorizer(
    session['tokens']['transfer.api.globus.org']['access_token'])
transfer_client = globus_sdk.TransferClient(authorizer=authorizer)
print("Endpoints belonging to the current logged-in user:")
for ep in transfer_client.endpoint_search(filter_scope="my-endpoints"):
    print("[{}] {}".format(ep["id"], ep["display_name"]))
""",
        {"session": "session"},
        prints="Endpoints belonging to the current logged-in user:\n[...] Archive\n...Lab storage\n...",
    ),
    SeedExample(
        "deadlines",
        """
import datetime
now = datetime.datetime.utcnow()
future_1minute = now + datetime.timedelta(minutes=1)
import globus_sdk
transfer_client = globus_sdk.TransferClient(...)
# note how `future_1minute` is used here
submission_data = globus_sdk.TransferData(
    transfer_client, source_endpoint_uuid, dest_endpoint_uuid,
    deadline=str(future_1minute))
""",
        {"source_endpoint_uuid": "source_id", "dest_endpoint_uuid": "destination_id"},
        effect="submission_data['deadline'] == str(future_1minute)",
    ),
    SeedExample(
        "retrying submissions",
        RETRIES,
        {"source_endpoint_uuid": "source_id", "dest_endpoint_uuid": "destination_id"},
        effect="submission_data['submission_id']",
    ),
)
