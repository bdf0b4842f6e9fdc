"""Documents of files, directories and bookmarks, and results of changes."""

from typing import Literal, NotRequired, TypedDict

__all__ = ("BookmarkDocument", "FileDocument", "MkdirResultDocument", "ResultDocument", "WalkedFileDocument")


class ResultDocument(TypedDict):
    """The result of a change; ``code`` is for example ``Updated`` or ``Deleted``."""

    DATA_TYPE: Literal["result"]
    code: str
    message: str
    request_id: str
    resource: str


class MkdirResultDocument(TypedDict):
    """A directory was created."""

    DATA_TYPE: Literal["mkdir_result"]
    code: str
    message: str
    request_id: str
    resource: str


class FileDocument(TypedDict):
    """
    A file, directory or other entry; the ``link_`` members are null unless it is a symlink.

    A symlink to a directory has ``type`` ``"dir"``.
    """

    DATA_TYPE: Literal["file"]
    name: str
    type: Literal["dir", "file", "invalid_symlink", "chr", "blk", "pipe", "other"]
    size: int
    last_modified: str
    permissions: str
    user: str | None
    group: str | None
    link_target: str | None
    link_size: NotRequired[int | None]
    link_user: NotRequired[str | None]
    link_group: NotRequired[str | None]
    link_last_modified: NotRequired[str | None]


class WalkedFileDocument(FileDocument):
    """An entry from `TransferClient.operation_walk`, with its path."""

    path: str


class BookmarkDocument(TypedDict):
    """A bookmark: a named path on a collection."""

    DATA_TYPE: Literal["bookmark"]
    id: str
    name: str
    endpoint_id: str
    path: str
    pinned: NotRequired[bool]
