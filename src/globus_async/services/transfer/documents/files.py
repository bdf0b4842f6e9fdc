"""Files, folders and bookmarks."""

from typing import Literal, NotRequired, TypedDict

__all__ = ("BookmarkDocument", "FileDocument", "MkdirResultDocument", "ResultDocument", "WalkedFileDocument")


class ResultDocument(TypedDict):
    """A change was made; ``code`` says which, such as ``Updated`` or ``Deleted``."""

    DATA_TYPE: Literal["result"]
    code: str
    message: str
    request_id: str
    resource: str


class MkdirResultDocument(TypedDict):
    """A folder was made."""

    DATA_TYPE: Literal["mkdir_result"]
    code: str
    message: str
    request_id: str
    resource: str


class FileDocument(TypedDict):
    """
    A file, folder or other entry; the ``link_`` members are null unless it is a symlink.

    A link to a folder has ``type`` ``"dir"``.
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
    """An entry met by `TransferClient.operation_walk`, which adds where it is."""

    path: str


class BookmarkDocument(TypedDict):
    """A name for a place."""

    DATA_TYPE: Literal["bookmark"]
    id: str
    name: str
    endpoint_id: str
    path: str
    pinned: NotRequired[bool]
