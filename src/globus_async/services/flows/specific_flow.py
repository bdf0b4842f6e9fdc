"""The client of one flow, which starts and resumes its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from ...errors import NetworkError, ResponseDecodeError, TokenRefreshError
from ...scopes import GCSCollectionScopes, Scope, SpecificFlowScopes, TransferScopes
from .data import Ids, Texts, members, object_of, texts
from .documents import RunDocument, RunValidationDocument
from .errors import FlowsAPIError, RunUncertain, error_kinds

if TYPE_CHECKING:
    from ...authorizers import GlobusAuthorizer
    from ...client.app import App
    from ...errors import ErrorKinds
    from ...response import GlobusHTTPResponse
    from ...transport import RateLimit, RetryPolicy, Transport
    from .data import RunActivityNotificationPolicy

__all__ = ("SpecificFlowClient",)


class _OfInstances:
    """An attribute of clients that their class does not have, since it depends on the flow."""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, client: SpecificFlowClient | None, cls: type) -> Any:
        if client is None:
            raise AttributeError(
                f"{cls.__name__} has no {self._name!r}: it depends on the flow; use that of a client,"
                f" {cls.__name__}(flow_id).{self._name}",
                name=self._name,
                obj=cls,
            )
        return vars(client)[f"_flow_{self._name}"]


class SpecificFlowClient(BaseClient):
    """
    A client for the runs of one flow, whose own scope it needs. `FlowsClient` has all that needs no such scope.

    Args:
        flow_id: The flow. UUID.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scope of the flow is added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport; ``None``
            for no limit.

    Attributes:
        flow_id: The flow.

    Example:
        >>> async with SpecificFlowClient(flow_id, authorizer=flow_authorizer, transport=transport) as flow:
        ...     run = await flow.run_flow({"name": "Ada"}, label="first")
        >>> run["label"], run["flow_title"]
        ('first', 'Say hello')
    """

    service_name: ClassVar[str] = "flows"
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    if TYPE_CHECKING:
        scopes: SpecificFlowScopes  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]
        resource_server: str  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]
    else:
        scopes = _OfInstances()
        resource_server = _OfInstances()

    def __init__(
        self,
        flow_id: UUID | str,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        app: App | None = None,
        app_scopes: Iterable[Scope] | None = None,
        authorizer: GlobusAuthorizer | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        self.flow_id: str = uuid_text("flow_id", flow_id).lower()
        self._flow_scopes = SpecificFlowScopes(self.flow_id)
        self._flow_resource_server = self.flow_id
        super().__init__(
            authorizer,
            app=app,
            app_scopes=app_scopes,
            environment=environment,
            base_url=base_url,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: that of the flow."""
        return [self.scopes.user]

    def add_app_transfer_data_access_scope(self, collection_ids: Ids) -> Self:
        """
        Require of the app access to mapped collections for the flow; the user consents to it at the next login.

        Args:
            collection_ids: One or more mapped collections that the flow transfers from or to. UUIDs.

        Returns:
            This client.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID; or the client has no app.

        Example:
            >>> flow = SpecificFlowClient(flow_id, app=app).add_app_transfer_data_access_scope(collection_id)

        REST: `Scopes <https://docs.globus.org/api/flows/>`_
        """
        return self.add_app_scope(self.transfer_data_access_scope(collection_ids))

    def transfer_data_access_scope(self, collection_ids: Ids) -> Scope:
        """
        Return the scope of the flow with access to the data of mapped collections.

        Only mapped collections that are not high-assurance have such a scope; on others the login fails.

        Args:
            collection_ids: One or more mapped collections. UUIDs.

        Returns:
            The scope of the flow; below it that of Transfer, and below that those of the collections, all optional.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID.

        Example:
            >>> scope = flow.transfer_data_access_scope("a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c")
            >>> print(str(scope).partition("_user")[2])
            [*urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c/data_access]]

        **Differs from globus-sdk:** is new; for a client with an app, use `add_app_transfer_data_access_scope`.

        REST: `Scopes <https://docs.globus.org/api/flows/>`_
        """
        transfer = TransferScopes.all.with_optional(True)
        for collection_id in [collection_ids] if isinstance(collection_ids, (str, UUID)) else collection_ids:
            data_access = GCSCollectionScopes(uuid_text("collection_ids", collection_id)).data_access
            transfer = transfer.with_dependency(data_access.with_optional(True))
        return self.scopes.user.with_dependency(transfer)

    async def run_flow(
        self,
        body: Mapping[str, Any],
        *,
        label: str | MissingType = MISSING,
        tags: Texts | MissingType = MISSING,
        activity_notification_policy: Mapping[str, Any] | RunActivityNotificationPolicy | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Start a run of the flow. `FlowsClient.wait_for_run` waits for its end.

        It is sent once: where the service may have started a run although there is no response, the call raises
        `RunUncertain` instead of starting a second one.

        Args:
            body: The input, a JSON object that fits the flow's input schema.
            label: A name for the run.
            tags: One or more tags. One that no other run has makes it certain which run a call has started.
            activity_notification_policy: The statuses on which you are notified by e-mail. By default ``INACTIVE``.
            run_monitors: One or more principal URNs: who may see the run.
            run_managers: One or more principal URNs: who may manage the run.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The run, which is ``ACTIVE``.

        Raises:
            RunUncertain: A run may or may not have been started. `FlowsClient.find_runs` finds it.
            FlowInputError: 400 ``FLOW_INPUT_ERROR``; the input does not fit the schema; the messages name each place.
            PermissionDenied: 403 ``FORBIDDEN`` or ``MISSING_SCOPE``; you may not start the flow.
            AuthorizationRequired: 403 ``AuthenticationPolicyRequired``; your session does not satisfy its policy.
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.

        Example:
            >>> run = await flow.run_flow({"name": "Ada"}, label="greeting", tags="order 4711")
            >>> run["label"], run["tags"]
            ('greeting', ['order 4711'])

        **Differs from globus-sdk:** is not sent again after a failure in which a run may have been started; a single
        text is a list of one.

        REST: `POST /flows/{flow_id}/run <https://docs.globus.org/api/flows/>`_
        """
        given = texts("tags", tags)
        run = {
            "body": object_of("body", body),
            "tags": given,
            "label": label,
            "activity_notification_policy": activity_notification_policy,
            "run_monitors": texts("run_monitors", run_monitors),
            "run_managers": texts("run_managers", run_managers),
        }
        called_at = datetime.fromtimestamp(self.transport.clock.wall(), UTC)
        try:
            response = await self.call(
                "POST",
                fill_path("/flows/{flow_id}/run", self.flow_id),
                RunDocument,
                data=members(run, additional_fields),
                query_params=query_params,
            )
            if not isinstance(response.get("run_id"), str):
                raise response.raw.decode_error("it should have the id of the run")
        except (NetworkError, FlowsAPIError, TokenRefreshError) as error:
            if not _may_have_started_run(error):
                raise
            self._raise_uncertain(error, called_at, label, given if isinstance(given, list) else [])
        return response

    def _raise_uncertain(
        self,
        error: NetworkError | FlowsAPIError | TokenRefreshError,
        called_at: datetime,
        label: str | MissingType,
        tags: list[str],
    ) -> NoReturn:
        uncertain = RunUncertain(
            f"a run of the flow {self.flow_id} may or may not have been started at about"
            f" {called_at:%Y-%m-%d %H:%M:%S} UTC; find it with FlowsClient.find_runs(error), which lists your runs"
            f" of the flow with its label and tags since then ({type(error).__name__}: {error})",
            stage="response truncated" if isinstance(error, ResponseDecodeError) else "no response",
            idempotent=True,  # the message says what to do, instead of the usual sentence
            attempts=error.attempts,
        )
        uncertain.flow_id, uncertain.called_at, uncertain.tags = self.flow_id, called_at, tags
        uncertain.label = label if isinstance(label, str) else None
        raise uncertain from error

    async def resume_run(
        self, run_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Resume a run that is ``INACTIVE``, after what it waits for was done: a consent, a new session.

        The token of this client must be newer than the consent: log in with the requirements of the outcome, or of the
        run's ``details``, first.

        Args:
            run_id: The run. UUID.
            query_params: Further query parameters.

        Returns:
            The run.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not manage it.
            PermissionDenied: 403 ``FORBIDDEN`` or ``MISSING_SCOPE``.

        Example:
            >>> outcome = await fc.wait_for_run(inactive_run_id, timeout=60)
            >>> outcome.reason, outcome.gare.authorization_parameters.session_message
            (<RunEndReason.INACTIVE: 'inactive'>, 'Log in again')
            >>> run = await mover.resume_run(inactive_run_id)  # after app.login(auth_params=...)
            >>> run["status"]
            'ACTIVE'

        **Differs from globus-sdk:** is not sent again after a failure in which it may have been executed.

        REST: `POST /runs/{run_id}/resume <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "POST", fill_path("/runs/{run_id}/resume", run_id), RunDocument, query_params=query_params
        )

    async def validate_run(
        self,
        body: Mapping[str, Any],
        *,
        label: str | MissingType = MISSING,
        tags: Texts | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        activity_notification_policy: Mapping[str, Any] | RunActivityNotificationPolicy | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RunValidationDocument]:
        """
        Check the input of a run, and whether you may start it; nothing is started.

        Args:
            body: As in `run_flow`.
            label: As in `run_flow`.
            tags: As in `run_flow`.
            run_monitors: As in `run_flow`.
            run_managers: As in `run_flow`.
            activity_notification_policy: As in `run_flow`.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            A message.

        Raises:
            FlowInputError: 400 ``FLOW_INPUT_ERROR``; the input does not fit the schema; the messages name each place.
            PermissionDenied: 403 ``FORBIDDEN`` or ``MISSING_SCOPE``; you may not start the flow.
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.

        Example:
            >>> (await flow.validate_run({"name": "Ada"}))["message"]
            'validation successful'

        **Differs from globus-sdk:** a single text is a list of one.

        REST: `POST /flows/{flow_id}/validate_run <https://docs.globus.org/api/flows/>`_
        """
        run = {
            "body": object_of("body", body),
            "label": label,
            "tags": texts("tags", tags),
            "run_monitors": texts("run_monitors", run_monitors),
            "run_managers": texts("run_managers", run_managers),
            "activity_notification_policy": activity_notification_policy,
        }
        return await self.call(
            "POST",
            fill_path("/flows/{flow_id}/validate_run", self.flow_id),
            RunValidationDocument,
            data=members(run, additional_fields),
            query_params=query_params,
            idempotent=True,
        )


def _may_have_started_run(error: NetworkError | FlowsAPIError | TokenRefreshError) -> bool:
    """Return whether the service may have executed the request, at this or an earlier attempt."""
    if isinstance(error, NetworkError):
        return error.maybe_executed
    return any(attempt.maybe_executed for attempt in error.attempts)
