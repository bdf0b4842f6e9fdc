"""The entries of a folder as a page shows them: names, kinds, sizes, and the order. Plain functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .formatting import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from globus_async.services.transfer.documents import FileDocument

__all__ = (
    "SORTED_BY",
    "Column",
    "Entry",
    "columns",
    "crumbs",
    "default_target",
    "entry_of",
    "folder_path",
    "is_file_name",
    "orders_of",
)

SORTED_BY: Mapping[str, str] = {"name": "name", "size": "size", "modified": "last_modified"}
"""The columns by which a folder can be sorted, with their fields at Globus."""

KINDS: Mapping[str, str] = {
    "Archive": "7z bz2 gz rar tar tgz xz zip zst",
    "Audio": "flac mp3 ogg wav",
    "Code": "c cc cpp f90 go h ipynb java jl js m py r rs sh sql ts",
    "Data": "bam bin csv dat fasta fastq fits h5 hdf5 mat nc npy npz parquet root sam tsv vcf zarr",
    "Document": "doc docx odt pdf ppt pptx ps rtf tex",
    "Image": "bmp gif jpeg jpg png svg tif tiff webp",
    "Settings": "cfg conf ini json toml xml yaml yml",
    "Text": "log md rst txt",
    "Video": "avi mkv mov mp4 webm",
}
_KIND_OF = {suffix: kind for kind, suffixes in KINDS.items() for suffix in suffixes.split()}


@dataclass(frozen=True)
class Entry:
    """
    A file or folder.

    Attributes:
        value: Its name in forms, with a slash after that of a folder.
    """

    name: str
    value: str
    kind: str
    size: int | None
    modified: datetime | None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.value.endswith("/")


@dataclass(frozen=True)
class Column:
    """A column that can be sorted: the value of its link, and its direction (`aria-sort`) if it is sorted now."""

    name: str
    title: str
    link: str
    direction: str | None


def entry_of(document: FileDocument, folder: str) -> Entry | None:
    """Return an entry of a folder; ``None`` if its name would lead out of the folder."""
    name = document.get("name")
    if not isinstance(name, str) or not is_file_name(name, folder):
        return None
    is_folder = document.get("type") == "dir"
    size = document.get("size")
    return Entry(
        name,
        f"{name}/" if is_folder else name,
        "Folder" if is_folder else _KIND_OF.get(PurePosixPath(name).suffix[1:].lower(), "File"),
        size if isinstance(size, int) and not is_folder else None,
        moment_of(document.get("last_modified")),
    )


def is_file_name(name: object, folder: str) -> bool:
    """Return whether a path made of a folder and this name leads into the folder; the collection reports the names."""
    if not isinstance(name, str) or "/" in name or "\0" in name:
        return False
    return name not in {"", ".", ".."} and f"{folder}{name}" != "/~"  # the home directory


def columns(sort: str) -> list[Column]:
    """Return the columns of a table that is sorted by one, such as ``size``, or descending, such as ``-size``."""
    found: list[Column] = []
    for name in SORTED_BY:
        first = name if name == "name" else f"-{name}"  # the largest and the latest are at the top
        link = _reversed(first) if sort == first else first
        direction = {name: "ascending", f"-{name}": "descending"}.get(sort)
        found.append(Column(name, name.capitalize(), link, direction))
    return found


def _reversed(sort: str) -> str:
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"


def orders_of(sort: str) -> list[str]:
    """Return the order of a listing: folders first."""
    field = SORTED_BY[sort.removeprefix("-")]
    orders = ["type", f"{field} DESC" if sort.startswith("-") else field]
    return orders if field == "name" else [*orders, "name"]


def folder_path(path: str) -> str:
    """Return the path of a folder, with a slash at both ends."""
    return f"/{path.strip('/')}/" if path.strip("/") else "/"


def crumbs(folder: str) -> list[tuple[str, str]]:
    """Return the name and path of each folder above and including one."""
    parts = [part for part in folder.split("/") if part]
    return [(part, "/" + "/".join(parts[: number + 1]) + "/") for number, part in enumerate(parts)]


def default_target(collection_name: str) -> str:
    """Return a destination folder named after a collection; the name may be any text."""
    name = re.sub(r"[^\w.-]+", "-", collection_name).strip(".-").lower()
    return f"/{name or 'transfer'}/"
