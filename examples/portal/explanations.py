"""What Globus reports about a transfer, in words: what happened, and what the user can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from globus_async.services.transfer.documents import TaskDocument

__all__ = ("Explanation", "explain", "options_of", "problem_of", "state_of")


class Explanation(NamedTuple):
    """What happened, and what the user can do about it, if anything."""

    what: str
    advice: str = ""


STATES: Mapping[str, str] = {
    "QUEUED": "Queued",
    "ACTIVE": "In progress",
    "RETRYING": "Retrying",
    "PAUSED": "Paused",
    "INACTIVE": "Waiting for you",
    "SUCCEEDED": "Completed",
    "FAILED": "Failed",
    "EXPIRED": "Expired",
    "CANCELED": "Canceled",
}
"""The states of a transfer as the portal shows them. Those of Globus are fewer."""

_ACCESS = "Ask the owner of the collection for access. Globus tries again by itself, so nothing is lost until then."
_RETRY = "Globus tries again by itself. You need not do anything."
_LOGIN = "Open the collection here and log in again if you are asked to. The transfer then continues by itself."

EXPLANATIONS: Mapping[str, Explanation] = {
    "STARTED": Explanation("The transfer started."),
    "PROGRESS": Explanation("Data is being transferred."),
    "SUCCEEDED": Explanation("The transfer completed."),
    "CANCELED": Explanation("The transfer was canceled. Files that had arrived were kept."),
    "PAUSED": Explanation(
        "A manager of a collection paused the transfer.", "It continues when they resume it; ask them when."
    ),
    "UNPAUSED": Explanation("The transfer was resumed."),
    "EXPIRED": Explanation(
        "The transfer was not completed before its deadline.", "Start it again when the cause is removed."
    ),
    "SKIPPED_ERRORS": Explanation("Some files could not be read and were left out."),
    "PERMISSION_DENIED": Explanation("A collection denied permission for a file or folder.", _ACCESS),
    "FILE_NOT_FOUND": Explanation(
        "A file or folder was not found.",
        "It may have been moved or deleted since you selected it. Cancel the transfer and select it again.",
    ),
    "FILE_EXISTS": Explanation(
        "Something else has the name of a file at the destination.", "Choose another folder, or rename it there."
    ),
    "NOT_A_DIRECTORY": Explanation(
        "A file is in the place of a folder.", "Choose another destination folder, or rename the file there."
    ),
    "NOT_A_FILE": Explanation(
        "A folder is in the place of a file.", "Choose another destination folder, or rename the folder there."
    ),
    "QUOTA_EXCEEDED": Explanation(
        "The destination has no space left for you.",
        "Delete files there or ask for more space. The transfer then continues.",
    ),
    "VERIFY_CHECKSUM": Explanation(
        "A file changed on its way, or while it was read.", "Globus transfers it again. Do not change it until then."
    ),
    "ENDPOINT_ERROR": Explanation("The server of a collection reported an error.", _RETRY),
    "CONNECTION_RESET": Explanation("The connection between the collections was interrupted.", _RETRY),
    "CONNECT_FAILED": Explanation("A collection could not be reached.", _RETRY),
    "TIMEOUT": Explanation("A collection did not respond in time.", _RETRY),
    "GC_NOT_CONNECTED": Explanation(
        "The computer of a collection is offline.",
        "Switch it on and start Globus Connect Personal. The transfer then continues.",
    ),
    "GC_PAUSED": Explanation("Globus Connect Personal is paused on a computer.", "Resume it there."),
    "CONSENT_REQUIRED": Explanation("A collection requires your consent.", _LOGIN),
    "AUTH_POLICY_FAILED": Explanation("A collection requires another login.", _LOGIN),
    "ACTIVATION_REQUIRED": Explanation("Your access to a collection expired.", _LOGIN),
}
"""By the code of an event, or the status that Globus calls nice."""


def explain(code: str | None, description: str | None = None) -> Explanation:
    """Return the explanation of an event; the description of Globus if the code is unknown."""
    known = EXPLANATIONS.get((code or "").upper())
    if known is not None:
        return known
    text = (description or code or "unknown reason").replace("_", " ").strip()
    return Explanation(f"{text[:1].upper()}{text[1:]}.".replace("..", "."))


def state_of(task: TaskDocument) -> str:
    """Return the state of a task, one of `STATES`."""
    status = task["status"]
    if status == "FAILED" and task["fatal_error"] is None:
        # the open items of a task that failed for another reason count as canceled, too
        if task["subtasks_canceled"]:
            return "CANCELED"
        return "EXPIRED" if task["subtasks_expired"] else "FAILED"
    if status != "ACTIVE":
        return status if status in STATES else "ACTIVE"
    if task["is_paused"]:
        return "PAUSED"
    nice = task["nice_status"] or "OK"
    if nice == "Queued":
        return "QUEUED"
    return "ACTIVE" if nice == "OK" else "RETRYING"


def problem_of(task: TaskDocument) -> Explanation | None:
    """Return what is wrong with a task at the moment, or what ended it; ``None`` if nothing is."""
    match state_of(task):
        case "SUCCEEDED" | "ACTIVE" | "QUEUED":
            return None
        case "CANCELED" if message := task["canceled_by_admin_message"]:
            return Explanation(f"A manager of a collection canceled the transfer: {message}")
        case "CANCELED":
            return None
        case "PAUSED":
            return explain("PAUSED")
        case "EXPIRED":
            return explain("EXPIRED")
        case _ if task["fatal_error"] is not None:
            return explain(task["fatal_error"]["code"], task["fatal_error"]["description"])
        case _:
            return explain(task["nice_status"], task["nice_status_short_description"])


SYNC_LEVELS = {
    0: "Files that exist at the destination are not copied.",
    1: "Files whose size differs are copied.",
    2: "Files that are newer or differ in size are copied.",
    3: "Files whose checksum differs are copied.",
}


def options_of(task: TaskDocument) -> list[str]:
    """Return the options of a task as sentences."""
    level = task["sync_level"]
    sentences = ["All files are copied." if level is None else SYNC_LEVELS.get(level, f"Sync level {level}.")]
    if task["verify_checksum"]:
        sentences.append("The checksum of each file is verified after its transfer.")
    sentences.append("Data is encrypted on its way." if task["encrypt_data"] else "Data is not encrypted on its way.")
    if task["preserve_timestamp"]:
        sentences.append("Files keep their modification time.")
    if task["delete_destination_extra"]:
        sentences.append("Files that exist only at the destination are deleted.")
    if task.get("skip_source_errors"):
        sentences.append("Files that cannot be read are left out.")
    return sentences
