"""Functions, containers, and the service itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import BOOLEAN, OBJECT, TEXT, UUID, choice, list_of
from ...kit.ids import new_id
from ...kit.responses import json_response
from ..access import container_in_path, function_in_path
from ..documents import connection_url, container_document, function_document
from ..errors import ComputeError
from ..models import Container, Function

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import ComputeState

__all__ = (
    "ROUTES",
    "V3_ROUTES",
    "amqp_url",
    "authenticate",
    "build_container",
    "build_status",
    "delete_function",
    "get_container",
    "get_function",
    "get_version",
    "register_container",
    "register_function",
    "v3_register_function",
)

_VERSIONS: Final = {
    "api": "1.23.0",
    "min_sdk_version": "1.0.0a6",
    "min_ep_version": "1.0.0a0",
    "git_sha": "80b2ef87bc546b3b386cf2e1d372f4be50f10bc4",
}
_TYPE: Final = choice("docker", "singularity")
_PACKAGES: Final = list_of(TEXT)


async def get_version(state: ComputeState, request: Request) -> Response:  # noqa: ARG001 -- it has none
    """Read the versions of the service, without a token."""
    service = request.parameter("service", "api")
    if service not in {"api", "all"}:
        raise request.errors.invalid_parameter("service", str(service), "'api' or 'all'")
    return json_response(_VERSIONS["api"] if service == "api" else _VERSIONS)


async def authenticate(state: ComputeState, request: Request) -> Response:  # noqa: ARG001 -- nothing is read
    """Check the token."""
    _ = request.caller
    return json_response("OK")


async def amqp_url(state: ComputeState, request: Request) -> Document:  # noqa: ARG001 -- nothing is read
    """Make new credentials for the queues of results."""
    user_id = request.caller.identity_id
    return {"queue_prefix": f"{user_id}.", "connection_url": connection_url(user_id)}


async def register_function(state: ComputeState, request: Request) -> Document:
    """Register a function."""
    caller, fields = request.caller, request.fields()
    function = Function(
        new_id(),
        caller.identity_id,
        fields.required("function_name", TEXT),
        fields.required("function_code", TEXT),
        fields.nullable("description", TEXT),
        _metadata(fields),
        fields.optional("public", BOOLEAN, default=False),
        fields.nullable("group", UUID),
        container_uuid=fields.nullable("container_uuid", UUID),
    )
    _check_group(state, function)
    state.functions[function.id] = function
    return {"function_uuid": function.id}


def _metadata(fields: Fields) -> Document:
    if fields.nullable("metadata", OBJECT) is None:
        return {}
    given = fields.object("metadata")
    return {name: given.nullable(name, TEXT) for name in ("python_version", "sdk_version") if name in given}


def _check_group(state: ComputeState, function: Function) -> None:
    if function.group is not None and function.group not in state.platform.directory.groups:
        raise ComputeError.not_found("auth group", function.group)


async def v3_register_function(state: ComputeState, request: Request) -> Document:
    """Register a function, which can be for one endpoint of high assurance."""
    caller, fields = request.caller, request.fields()
    meta = fields.object("meta", required=True)
    versions = {name: meta.required(name, TEXT) for name in ("python_version", "sdk_version", "serde_identifier")}
    function = Function(
        new_id(),
        caller.identity_id,
        fields.required("function_name", TEXT),
        fields.required("function_code", TEXT),
        fields.nullable("description", TEXT),
        versions,
        fields.optional("public", BOOLEAN, default=False),
        fields.nullable("group", UUID),
        fields.nullable("ha_endpoint_id", UUID),
    )
    if function.ha_endpoint_id is not None and (function.public or function.group is not None):
        raise ComputeError.problem(("body",), "ha_endpoint_id excludes group and public")
    _check_group(state, function)
    if function.ha_endpoint_id is not None and function.ha_endpoint_id not in state.endpoints:
        raise ComputeError.not_found("endpoint", function.ha_endpoint_id)
    state.functions[function.id] = function
    if function.ha_endpoint_id is None:
        return {"function_uuid": function.id}
    return {"function_uuid": function.id, "ha_warning": "The function runs on one endpoint of high assurance only"}


async def get_function(state: ComputeState, request: Request) -> Document:
    """Read a function."""
    return function_document(function_in_path(state, request))


async def delete_function(state: ComputeState, request: Request) -> Document:
    """Delete a function."""
    function = function_in_path(state, request)
    if function.owner_id not in request.caller.identity_ids:
        raise ComputeError.forbidden("function", function.id)
    del state.functions[function.id]
    return {"result": 302}


async def register_container(state: ComputeState, request: Request) -> Document:
    """Register a container."""
    caller, fields = request.caller, request.fields()
    container = Container(
        new_id(),
        caller.identity_id,
        fields.required("name", TEXT),
        fields.nullable("description", TEXT),
        type=fields.required("type", _TYPE),
        location=fields.required("location", TEXT),
    )
    state.containers[container.id] = container
    return {"container_id": container.id}


async def build_container(state: ComputeState, request: Request) -> Document:
    """Start the build of a container; a test says how far it is."""
    caller, fields = request.caller, request.fields()
    name, description = fields.required("name", TEXT), fields.nullable("description", TEXT)
    for packages in ("apt", "pip", "conda"):
        fields.required(packages, _PACKAGES)
    container = Container(new_id(), caller.identity_id, name, description, build_status="submitted")
    state.containers[container.id] = container
    return {"container_id": container.id}


async def build_status(state: ComputeState, request: Request) -> Document:
    """Read how far the build of a container is."""
    return {"status": container_in_path(state, request).build_status}


async def get_container(state: ComputeState, request: Request) -> Document:
    """Read a container."""
    container, kind = container_in_path(state, request), request.path_id("container_type")
    if kind not in {"docker", "singularity"}:
        raise ComputeError.problem(("path", "container_type"), "Input should be 'docker' or 'singularity'")
    return {"container": container_document(container, kind)}


ROUTES: Final[RouteTable[ComputeState]] = (
    ("GET", "/version", get_version),
    ("GET", "/authenticate", authenticate),
    ("GET", "/get_amqp_result_connection_url", amqp_url),
    ("POST", "/functions", register_function),
    ("GET", "/functions/{function_id}", get_function),
    ("DELETE", "/functions/{function_id}", delete_function),
    ("POST", "/containers", register_container),
    ("POST", "/containers/build", build_container),
    ("GET", "/containers/build/{container_id}", build_status),
    ("GET", "/containers/{container_id}/{container_type}", get_container),
)
V3_ROUTES: Final[RouteTable[ComputeState]] = (("POST", "/functions", v3_register_function),)
