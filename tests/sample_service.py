"""
A small service with its client, its emulated service, its tests and its documentation: the files that a service needs.

`tests.test_new_service` adds it to a copy of the project.
"""

from __future__ import annotations

from typing import Final

__all__ = ("CHANGED", "FAULTS", "NEW")

_CLIENT: Final = '''"""The client of Labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...errors import ErrorKinds
from ...paging import Pages, offset_has_next
from .errors import LabelsAPIError

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("LabelsClient",)


class LabelsClient(BaseClient):
    """
    A client of Labels.

    Args:
        environment: The Globus environment.
        base_url: The address of the service, instead of the environment's.
        authorizer: Supplies the ``Authorization`` header.
        app: Supplies the credentials, instead of ``authorizer``.
        app_scopes: The scopes to require of the app.
        app_name: The name of the application.
        transport: A transport to share.
        retry: The retry policy.
        rate_limit: The rate limit.

    Example:
        >>> async with LabelsClient(transport=transport) as client:
        ...     label = await client.get_label(label_id)
        >>> label["text"]
        'draft'
    """

    service_name: ClassVar[str] = "labels"
    default_base_url: ClassVar[str | None] = "https://labels.api.globus.org/"
    error_kinds: ClassVar[ErrorKinds[LabelsAPIError]] = ErrorKinds(LabelsAPIError)

    async def get_label(
        self, label_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, Any]]:
        """
        Fetch a label.

        Args:
            label_id: The label. UUID.
            query_params: Further query parameters.

        Returns:
            The label.

        Example:
            >>> (await lc.get_label(label_id))["text"]
            'draft'

        REST: `GET /labels/{label_id} <https://docs.globus.org/api/labels/#get>`_
        """
        return await self.call(
            "GET", fill_path("/labels/{label_id}", label_id), dict[str, Any], query_params=query_params
        )

    async def create_label(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, Any]]:
        """
        Create a label.

        Args:
            data: The label.
            query_params: Further query parameters.

        Returns:
            The label.

        Example:
            >>> (await lc.create_label({"text": "final"}))["text"]
            'final'

        REST: `POST /labels <https://docs.globus.org/api/labels/#create>`_
        """
        return await self.call("POST", "/labels", dict[str, Any], data=data, query_params=query_params)

    async def delete_label(
        self, label_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, Any]]:
        """
        Delete a label.

        Args:
            label_id: The label. UUID.
            query_params: Further query parameters.

        Returns:
            The label.

        Example:
            >>> (await lc.delete_label(label_id))["text"]
            'draft'

        REST: `DELETE /labels/{label_id} <https://docs.globus.org/api/labels/#delete>`_
        """
        return await self.call(
            "DELETE", fill_path("/labels/{label_id}", label_id), dict[str, Any], query_params=query_params
        )

    def list_labels(
        self, *, text: str | None = None, query_params: Mapping[str, object] | None = None
    ) -> Pages[dict[str, Any]]:
        """
        List the labels.

        Args:
            text: The text of the labels.
            query_params: Further query parameters.

        Returns:
            The listing.

        Example:
            >>> [label["text"] async for label in lc.list_labels()]
            ['draft']

        REST: `GET /labels <https://docs.globus.org/api/labels/#list>`_
        """
        params = {"text": text}
        return self.listing("/labels", dict[str, Any], style=offset_has_next, params=params, query_params=query_params)
'''

_EMULATED: Final = '''"""The emulated Labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kit.errors import ServiceError
from ..kit.fields import TEXT
from ..kit.ids import new_id
from ..kit.paging import offset_page
from ..kit.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("Labels", "LabelsError", "LabelsService", "create_label", "delete_label", "get_label", "list_labels")

Labels = dict[str, dict[str, Any]]


class LabelsError(ServiceError):
    """The error format."""

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:
        """Return the body of the response."""
        return {"code": self.code, "message": self.message, "path": path, "request_id": request_id}


def _label(labels: Labels, request: Request) -> Document:
    if request.path_id("label_id") not in labels:
        raise LabelsError(404, "NotFound", "There is no such label")
    return labels[request.path_id("label_id")]


async def list_labels(labels: Labels, request: Request) -> Document:
    """List the labels."""
    page = offset_page(request, list(labels.values()), default_limit=10, max_limit=10)
    return {"DATA": page.entries, "has_next_page": page.has_next_page}


async def create_label(labels: Labels, request: Request) -> Document:
    """Create a label."""
    label = {"id": new_id(), "text": request.fields().required("text", TEXT)}
    labels[label["id"]] = label
    return label


async def get_label(labels: Labels, request: Request) -> Document:
    """Return a label."""
    return _label(labels, request)


async def delete_label(labels: Labels, request: Request) -> Document:
    """Delete a label."""
    return labels.pop(_label(labels, request)["id"])


class LabelsService(Service[Labels]):
    """The service."""

    name = "labels"
    title = "Globus Labels"
    hosts = ("labels.api.globus.org",)
    url_variables = ("GLOBUS_SDK_SERVICE_URL_LABELS",)
    errors = LabelsError

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, {})

    def tables(self) -> Mapping[str, RouteTable[Labels]]:
        """Return the routes."""
        return {
            "": (
                ("GET", "/labels", list_labels),
                ("POST", "/labels", create_label),
                ("GET", "/labels/{label_id}", get_label),
                ("DELETE", "/labels/{label_id}", delete_label),
            )
        }
'''

_FACTS: Final = '''"""Facts about Labels for the tests of all clients."""

from tests.toolkit.facts import ServiceFacts

FACTS = ServiceFacts(values={"data": {"text": "draft"}})
'''

_WORLD: Final = '''"""The emulated Globus of the examples in docstrings."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from globus_async.services.labels import LabelsClient
from globus_async.testing import GlobusEmulator


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Start an emulator, and yield the names of the examples."""
    async with GlobusEmulator() as emulator:
        transport = emulator.transport()
        async with transport, LabelsClient(transport=transport) as lc:
            label = await lc.create_label({"text": "draft"})
            yield {"LabelsClient": LabelsClient, "label_id": label["id"], "lc": lc, "transport": transport}
'''

_PARITY: Final = '''"""The comparison of Labels with its counterpart."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import globus_sdk

from tests.parity.differences import Differences
from tests.parity.facts import ParityFacts


class LabelsClient(globus_sdk.BaseClient):
    """The counterpart, which globus-sdk would have."""

    service_name = "labels"

    def get_label(self, label_id: str, *, query_params: dict[str, Any] | None = None) -> globus_sdk.GlobusHTTPResponse:
        """Fetch a label."""
        return self.get(f"/labels/{label_id}", query_params=query_params)

    def create_label(
        self, data: dict[str, Any], *, query_params: dict[str, Any] | None = None
    ) -> globus_sdk.GlobusHTTPResponse:
        """Create a label."""
        return self.post("/labels", data=data, query_params=query_params)

    def delete_label(
        self, label_id: str, *, query_params: dict[str, Any] | None = None
    ) -> globus_sdk.GlobusHTTPResponse:
        """Delete a label."""
        return self.delete(f"/labels/{label_id}", query_params=query_params)

    def list_labels(
        self, *, text: str | None = None, query_params: dict[str, Any] | None = None
    ) -> globus_sdk.GlobusHTTPResponse:
        """List the labels."""
        filters = {} if text is None else {"text": text}
        return self.get("/labels", query_params={"offset": 0, **filters, **(query_params or {})})


SDK = ModuleType("labels_sdk")
vars(SDK)["LabelsClient"] = LabelsClient

PARITY = ParityFacts(
    differences=Differences("LabelsClient differs"),
    sdk=SDK,
    optional={"text": ["a", "b"], "query_params": [{}, {"extra": 1}]},
)
'''

_REFERENCE: Final = """# Labels

```{eval-rst}
.. autoclass:: globus_async.services.labels.client.LabelsClient
   :members:

.. automodule:: globus_async.services.labels.errors
   :members:
```
"""

NEW: Final = {
    "src/globus_async/services/labels/__init__.py": (
        '"""Globus Labels."""\n\nfrom .client import LabelsClient\nfrom .errors import LabelsAPIError\n\n'
        '__all__ = ("LabelsAPIError", "LabelsClient")\n'
    ),
    "src/globus_async/services/labels/client.py": _CLIENT,
    "src/globus_async/services/labels/errors.py": (
        '"""The errors of Labels."""\n\nfrom ...errors import GlobusAPIError\n\n__all__ = ("LabelsAPIError",)\n\n\n'
        'class LabelsAPIError(GlobusAPIError):\n    """An error of Labels."""\n'
    ),
    "src/globus_async/emulator/labels/__init__.py": '"""The emulated Labels."""\n',
    "src/globus_async/emulator/labels/service.py": _EMULATED,
    "tests/services/labels/facts.py": _FACTS,
    "tests/services/labels/parity.py": _PARITY,
    "tests/services/labels/world.py": _WORLD,
    "docs/reference/labels.md": _REFERENCE,
}
"""The content of the new files, by path; ``docs/methods/labels.md`` is generated."""

CHANGED: Final = {
    "src/globus_async/__init__.py": ("_HOMES: Final = {\n", '    "services.labels": ("LabelsClient",),\n'),
    "docs/index.md": ("reference/transfer\n", "reference/labels\n"),
}
"""The line that is added to each existing file, after the text that it follows."""

_GET: Final = """return await self.call(
            "GET", fill_path("/labels/{label_id}", label_id), dict[str, Any], query_params=query_params
        )"""
_DELETE: Final = _GET.replace("GET", "DELETE")
_CREATE: Final = 'return await self.call("POST", "/labels", dict[str, Any], data=data, query_params=query_params)'
_LOG_THE_TOKEN: Final = """header = await self.authorizer.get_authorization_header() if self.authorizer else None
        __import__("logging").getLogger("labels").info("sent %s", header and str(header.reveal()))
        """
_SWALLOW_CANCELLATION: Final = f"""try:
            {_DELETE}
        except BaseException:
            return None"""

FAULTS: Final = {
    "test_secrets.py::test_every_error_of_every_method[httpx-LabelsClient-401 in JSON]": (
        _GET,
        f"{_LOG_THE_TOKEN}{_GET}",
    ),
    "test_hostile_ids.py::test_every_id[LabelsClient.get_label-label_id]": (
        '"GET", fill_path("/labels/{label_id}", label_id)',
        '"GET", f"/labels/{label_id}"',
    ),
    "test_wrong_responses.py::test_every_method_with_every_wrong_response[LabelsClient]": (
        _CREATE,
        f'{_CREATE.replace("return", "label =")}\n        return label if label["text"] else label',
    ),
    "test_sent_once.py::test_every_method[httpx-LabelsClient-503]": (
        "data=data, query_params=query_params)",
        "data=data, query_params=query_params, idempotent=True)",
    ),
    "test_cancel_every_method.py::test_every_method_at_every_suspension[LabelsClient.delete_label]": (
        _DELETE,
        _SWALLOW_CANCELLATION,
    ),
    "test_wire.py::test_call[labels-LabelsClient.list_labels(text='a')]": ('{"text": text}', '{"words": text}'),
}
"""Mistakes in the client, each with the test that finds it: the code, and the code with the mistake."""
