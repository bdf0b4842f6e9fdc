"""The progress of downloads and uploads for the callbacks of fsspec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fsspec.callbacks import DEFAULT_CALLBACK, Callback

if TYPE_CHECKING:
    from ..services.files.progress import FileProgress, OnProgress

__all__ = ("reporter",)


def reporter(callback: Callback) -> OnProgress | None:
    """Return what `GCSCollectionClient` calls with its progress; an upload that is repeated begins at zero again."""
    if callback is DEFAULT_CALLBACK:
        return None

    def report(progress: FileProgress) -> None:
        if callback.size is None and progress.total is not None:
            callback.set_size(progress.total)
        callback.absolute_update(progress.done)

    return report
