"""The response to a batch of membership actions: a result for each identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ..._http.json_reader import is_list, is_object
from ...errors import GlobusError
from ...errors.base import escape_control_characters
from ...errors.codes import text_member
from ...response import GlobusHTTPResponse

if TYPE_CHECKING:
    from ..._http.response import RawResponse
    from .documents import BatchMembershipDocument, MembershipDocument

__all__ = ("BatchResponse", "MembershipActionError", "MembershipResult")

_ERRORS: Final = "errors"
_SHOWN: Final = 5
_MAX_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class MembershipResult:
    """
    What one action of a batch did for one identity. False if it failed.

    Attributes:
        action: The action, such as ``"add"``.
        identity_id: The identity.
        membership: The membership that resulted; ``None`` if the action failed.
        code: Why it failed, such as ``"ALREADY_ACTIVE"``; ``None`` if it did not.
        detail: The reason in words.
    """

    action: str
    identity_id: str
    membership: MembershipDocument | None = None
    code: str | None = None
    detail: str | None = None

    def __bool__(self) -> bool:
        return self.membership is not None


class BatchResponse(GlobusHTTPResponse["BatchMembershipDocument"]):
    """
    The response to `GroupsClient.batch_membership_action`, which is a success even if every action failed.

    Attributes:
        results: A result for each identity, in the order of the response; those of one action stand together.

    Example:
        >>> batch = BatchMembershipActions().add_members([identity_id, member_id])
        >>> response = await gc.batch_membership_action(group_id, batch)
        >>> [(result.action, bool(result), result.code) for result in response.results]
        [('add', True, None), ('add', False, 'ALREADY_ACTIVE')]
        >>> response.check()
        Traceback (most recent call last):
        ...
        globus_async.services.groups.batch_response.MembershipActionError: 1 of 2 membership actions failed: ...

    **Differs from globus-sdk:** is a response without `results` and `check` there.
    """

    __slots__ = ("results",)

    def __init__(self, raw: RawResponse, data: BatchMembershipDocument) -> None:
        super().__init__(raw, data)
        document: object = data
        if not is_object(document):
            raise raw.decode_error("it should be a JSON object")
        self.results: list[MembershipResult] = [*_succeeded(raw, document), *_failed(raw, document)]

    @property
    def failures(self) -> list[MembershipResult]:
        """The actions that failed."""
        return [each for each in self.results if not each]

    def check(self) -> None:
        """
        Require that every action succeeded.

        Raises:
            MembershipActionError: Some failed; the others took effect.
        """
        if self.failures:
            raise MembershipActionError(self)


class MembershipActionError(GlobusError):
    """
    The service did a batch of membership actions, and some of them failed; the others took effect.

    Attributes:
        response: The response to the batch.
        failures: The actions that failed.
    """

    response: BatchResponse
    failures: list[MembershipResult]

    def __init__(self, response: BatchResponse) -> None:
        failures, total = response.failures, len(response.results)
        shown = "; ".join(
            f"{each.action} {each.identity_id}: {each.code}: {each.detail}"[:_MAX_SHOWN] for each in failures[:_SHOWN]
        )
        more = f"; and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
        text = f"{len(failures)} of {total} membership actions failed: {shown}{more}"
        super().__init__(escape_control_characters(text))
        self.response, self.failures = response, failures

    @property
    def code(self) -> str | None:
        """The code of the failure, such as ``"ALREADY_ACTIVE"``; ``None`` if there are several."""
        codes = {each.code for each in self.failures}
        return codes.pop() if len(codes) == 1 else None


def _succeeded(raw: RawResponse, document: Mapping[str, Any]) -> Iterator[MembershipResult]:
    for action, memberships in document.items():
        if action != _ERRORS:
            for identity_id, membership in _entries(raw, action, memberships):
                yield MembershipResult(action, identity_id, membership=cast("MembershipDocument", membership))


def _failed(raw: RawResponse, document: Mapping[str, Any]) -> Iterator[MembershipResult]:
    errors = document.get(_ERRORS)
    if errors is not None and not is_object(errors):
        raise raw.decode_error("its 'errors' should be an object")
    for action, failures in (errors or {}).items():
        for identity_id, failure in _entries(raw, action, failures):
            code = text_member(failure, "code") or "UNKNOWN"
            yield MembershipResult(action, identity_id, code=code, detail=text_member(failure, "detail"))


def _entries(raw: RawResponse, action: str, entries: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of an action with their identities; a member that is no list is of no action."""
    if not is_list(entries):
        return
    for entry in entries:
        identity_id = text_member(entry, "identity_id") if is_object(entry) else None
        if identity_id is None:
            raise raw.decode_error(f"each of its {action!r} should be an object with an identity_id")
        yield identity_id, entry
