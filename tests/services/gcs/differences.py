"""The deliberate differences of `GCSClient` from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are not coroutines: `async for` yields the items of all pages, `await` returns the first"
        " page; `num_results=` limits them",
        "one way instead of three, with types of items",
    ),
    Difference(
        "constructor",
        "signature",
        "`GCSClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`; `endpoint_client_id=` and `base_url=` are new",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "client_id",
        "behaviour",
        "`GCSClient(app=...)`, `endpoint_client_id`",
        "make no request: the client id of the endpoint is passed, awaited with `fetch_endpoint_client_id`, or fetched"
        " at the first call with an app; before that, the property raises `GlobusSDKUsageError`",
        "a constructor and a property cannot be awaited; in globus-sdk they wait for the endpoint",
    ),
    Difference(
        "more_methods",
        "extension",
        "38 methods, such as `replace_collection`, `check_collections`, `batch_delete_collections`,"
        " `set_endpoint_owner`, `get_node_list`, `create_sharing_policy`, `create_stream_gateway`",
        "are new",
        "the service has these operations",
    ),
    Difference(
        "more_arguments",
        "extension",
        "`get_collection(include=)`, `get_collection_list(storage_gateway_id=)`, `get_user_credential_list(include=)`,"
        " `create_collection(query_params=)`",
        "are new",
        "the service has these parameters",
    ),
    Difference(
        "documents",
        "signature",
        "all documents and policies",
        "take arguments by name only; `DATA_TYPE=` is `data_type=`; single texts are lists of one, and wrong types are"
        " refused",
        "globus-sdk makes a list of letters of some texts, and sends what the service refuses",
    ),
    Difference(
        "versions",
        "behaviour",
        "the derived `DATA_TYPE`",
        "knows `collection#1.16.0`, `storage_gateway#1.3.0` and the versions of all policies, and counts"
        " `additional_fields`; `POSIXCollectionPolicies` with groups is of version 1.1.0, which has them",
        "globus-sdk stays at an older version, which the service refuses for these members",
    ),
    Difference(
        "schema",
        "signature",
        "`StorageGatewayDocument(root=)`, `HPSSStoragePolicies(uda_checksum_support=)`",
        "do not exist; the latter is `uda_checksum`; `restrict_paths`, `process_user` and `load_dsi_module` are"
        " arguments",
        "the schema of the service has no `root` and no `uda_checksum_support`",
    ),
    Difference(
        "more_documents",
        "extension",
        "`DropboxStoragePolicies`, policies of collections and keys of users for all connectors, `PathRestrictions`,"
        " `NodeData`, `DomainData`, `SharingPolicyData`, `StreamGatewayData`, `LanSecretData`",
        "are new",
        "the service has these documents",
    ),
    Difference(
        "secrets",
        "behaviour",
        "storage keys, tokens and secrets in documents",
        "become a `Secret`, and responses mask them when they are shown",
        "`repr` and logs of globus-sdk show them",
    ),
    Difference(
        "unpacked",
        "behaviour",
        "`update_storage_gateway`",
        "returns an `UnpackingGCSResponse`, as all methods whose response has a document",
        "globus-sdk returns the envelope, which `full_data` has here",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID is refused before anything is sent",
        "`../x` as an id would address another resource",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`create_...`, `update_...`, `batch_delete_collections`",
        "are not sent again where the service may have executed them",
        "globus-sdk repeats them after 500, 502, 503, 504 and lost connections, and may create two collections",
    ),
    Difference(
        "address",
        "behaviour",
        "`gcs_address`",
        "may be an `http` URL of this machine; other plain `http` URLs, and domains with a path, are refused",
        "the emulator on a socket is such an address; credentials never travel unencrypted",
    ),
    Difference(
        "stalled",
        "behaviour",
        "listings whose page has `has_next_page` and no marker",
        "raise `PaginationStalled`",
        "globus-sdk ends the listing, as if it were complete",
    ),
    Difference(
        "messages",
        "error",
        "`GCSAPIError.messages`",
        "have each member that a document was refused for; `message` names the type of `detail`",
        "globus-sdk has them in `detail` only",
    ),
)

DIFFERENCES: Final = Differences("GCSClient and its documents differ", _ENTRIES)
