"""Action providers: the code behind an ``ActionUrl``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from ...kit.peer import PeerResponse
    from ...kit.service import Document
    from ..models import Action
    from ..store import Store

__all__ = (
    "ActionCall",
    "ActionInactive",
    "ActionProvider",
    "ActionRefused",
    "ActionResult",
    "Step",
)


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The state of an action after its start or a poll."""

    status: Literal["ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED"]
    details: Any = None
    display_status: str | None = None


class ActionRefused(Exception):
    """
    A request to start an action that the provider refuses, which is ``ActionUnableToRun`` in the flow.

    Args:
        cause: The reason.
    """

    def __init__(self, cause: object) -> None:
        super().__init__(str(cause))
        self.cause = cause


class ActionInactive(Exception):
    """
    An action that cannot go on until somebody consents or logs in.

    Args:
        details: An authorization requirement, with ``code`` and ``required_scope`` or ``authorization_parameters``.
    """

    def __init__(self, details: Document) -> None:
        super().__init__(str(details.get("code")))
        self.details = details


@dataclass(frozen=True, slots=True)
class ActionCall:
    """What the functions of a provider work with."""

    store: Store = field(repr=False)
    action: Action

    @property
    def body(self) -> dict[str, Any]:
        """The parameters; none if they are no object."""
        body = self.action.body
        return cast("dict[str, Any]", body) if isinstance(body, dict) else {}

    @property
    def memory(self) -> dict[str, Any]:
        """What the provider keeps of the action between two calls; changed in place."""
        return self.action.memory

    @property
    def now(self) -> float:
        """POSIX seconds."""
        return self.store.now()

    def required(self, name: str) -> Any:
        """
        Return a parameter.

        Raises:
            ActionRefused: It is missing.
        """
        if name not in self.body:
            raise ActionRefused(f"'{name}' is a required property")
        return self.body[name]

    def text(self, name: str) -> str:
        """
        Return a parameter that is a text.

        Raises:
            ActionRefused: It is missing or something else.
        """
        value = self.required(name)
        if not isinstance(value, str):
            raise ActionRefused(f"'{name}' is not of type 'string'")
        return value

    async def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        scope: str,
        document: object = None,
        query: dict[str, str] | None = None,
    ) -> PeerResponse:
        """
        Send a request to another service of the emulator as the user of the action.

        Args:
            service: The name of the service.
            method: The HTTP verb.
            path: The path.
            scope: The scope of the service that the request needs.
            document: The JSON document of the body.
            query: The query parameters.

        Raises:
            ActionInactive: The user has not consented, or has to log in again.
            ActionRefused: The emulator has no such service.
            ConsentMissing: The user has not consented to the scope.
        """
        authority = self.store.platform.authority
        caller = authority.authenticate(f"Bearer {self.action.token}")
        token = self.action.token if scope in caller.scopes else authority.dependent_token(caller, scope)
        try:
            response = await self.store.platform.request(
                service, method, path, token=token, document=document, query=query
            )
        except LookupError as error:
            raise ActionRefused(str(error)) from None
        if requirement := _requirement(response, scope):
            raise ActionInactive(requirement)
        return response


def _requirement(response: PeerResponse, scope: str) -> Document | None:
    """Return the authorization requirement in an error, with one scope, as Flows shows it."""
    document = response.document
    if response.status not in {401, 403} or not isinstance(document, dict):
        return None
    members = cast("dict[str, Any]", document)
    parameters = members.get("authorization_parameters")
    if members.get("code") == "ConsentRequired":
        scopes = members.get("required_scopes") or [scope]
        return {"code": "ConsentRequired", "description": str(members.get("message", "")), "required_scope": scopes[0]}
    if isinstance(parameters, dict):
        code, message = members.get("code", "AuthorizationRequired"), str(members.get("message", ""))
        return {"code": code, "description": message, "authorization_parameters": parameters}
    return None


Step: TypeAlias = Callable[[ActionCall], Awaitable[ActionResult]]


async def _unchanged(call: ActionCall) -> ActionResult:
    return ActionResult(call.action.status, call.action.details, call.action.display_status)


@dataclass(frozen=True, slots=True)
class ActionProvider:
    """An action provider."""

    url: str
    title: str
    start: Step
    scope: str | None = None
    """The scope of its tokens; `None` for one that needs none."""
    dependencies: tuple[str, ...] = ()
    """The scopes of other services that it uses for the user."""
    poll: Step = _unchanged
    cancel: Step | None = None
    is_synchronous: bool = True
    input_schema: Any = field(default_factory=lambda: {"type": "object"})
