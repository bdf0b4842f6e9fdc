"""Checks of documents before they are sent: their form, their ids, and the size of what endpoints are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from ..._http.missing import MISSING
from ..._http.path import uuid_text
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type

__all__ = ("MAX_PAYLOAD_BYTES", "check_submission", "check_submission_v3", "object_of")

MAX_PAYLOAD_BYTES: Final = 10 << 20
"""The most that the arguments of a submission may have together: the service's 10 MB, in the reading that is larger."""


def object_of(name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return an argument that is sent as a JSON object.

    Raises:
        GlobusSDKUsageError: It is none.
    """
    check_type(name, value, Mapping, "a JSON object (dict)")
    return value


def check_submission(data: Mapping[str, Any]) -> str | None:
    """
    Check a submission of v2; return the id of its task group.

    Raises:
        GlobusSDKUsageError: It has another form, an id that is no UUID, or too large arguments.
    """
    tasks: object = object_of("data", data).get("tasks")
    if not isinstance(tasks, (list, tuple)):
        raise GlobusSDKUsageError("data needs 'tasks', a list of tasks: each a function id, an endpoint id, arguments")
    _check_size(_arguments(cast("Sequence[object]", tasks)))
    return _task_group_id(data)


def _arguments(tasks: Sequence[object]) -> Iterator[object]:
    for task in tasks:
        if not isinstance(task, (list, tuple)) or len(cast("Sequence[object]", task)) != 3:
            raise GlobusSDKUsageError("each task must be a list of three: a function id, an endpoint id, arguments")
        function_id, endpoint_id, arguments = cast("Sequence[object]", task)
        uuid_text("the function id of a task", cast("UUID | str", function_id))
        uuid_text("the endpoint id of a task", cast("UUID | str", endpoint_id))
        yield arguments


def check_submission_v3(data: Mapping[str, Any]) -> str | None:
    """
    Check a submission of v3; return the id of its task group.

    Raises:
        GlobusSDKUsageError: It has another form, an id that is no UUID, or too large arguments.
    """
    tasks: object = object_of("data", data).get("tasks")
    if not isinstance(tasks, Mapping):
        raise GlobusSDKUsageError("data needs 'tasks', an object: a list of arguments for each function id")
    _check_size(_arguments_v3(cast("Mapping[object, object]", tasks)))
    return _task_group_id(data)


def _arguments_v3(tasks: Mapping[object, object]) -> Iterator[object]:
    for function_id, arguments in tasks.items():
        uuid_text("a function id of tasks", cast("UUID | str", function_id))
        if not isinstance(arguments, (list, tuple)):
            raise GlobusSDKUsageError("the arguments of each function must be a list of texts, one for each task")
        yield from cast("Sequence[object]", arguments)


def _check_size(arguments: Iterator[object]) -> None:
    size = 0
    for each in arguments:
        if not isinstance(each, str):
            raise GlobusSDKUsageError(
                f"the arguments of a task must be a text, as the SDK of Globus Compute makes it; got a value of type"
                f" {type(each).__name__}"
            )
        size += len(each)  # in bytes, at least
    if size > MAX_PAYLOAD_BYTES:
        raise GlobusSDKUsageError(
            f"the arguments of the tasks have {size:,} bytes together, and the service accepts 10 MB: submit fewer"
            " tasks at a time, or transfer large data as files"
        )


def _task_group_id(data: Mapping[str, Any]) -> str | None:
    found: object = data.get("task_group_id", MISSING)
    if found is None or found is MISSING:
        return None
    return uuid_text("task_group_id", cast("UUID | str", found))
