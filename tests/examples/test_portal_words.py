"""The portal's plain functions: progress and time left, sizes and times in words, explanations, folders."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import pytest

from examples.portal.explanations import EXPLANATIONS, STATES, explain, options_of, problem_of, state_of
from examples.portal.formatting import human_date, human_duration, human_size, moment_of, time_left
from examples.portal.listing import columns, crumbs, entry_of, folder_path, orders_of
from examples.portal.watched import WatchedTask, heading, summary
from globus_async import TaskProgress
from globus_async.emulator.transfer.storage.protocol import Problem

if TYPE_CHECKING:
    from globus_async.services.transfer.documents import FileDocument, TaskDocument


def task_of(**members: Any) -> TaskDocument:
    """Return the document of a task that has transferred 4 MB in 8 seconds: 2 of 8 files."""
    document: dict[str, Any] = {
        "task_id": "t",
        "label": "Run",
        "status": "ACTIVE",
        "request_time": "2026-11-29T14:00:00+00:00",
        "completion_time": None,
        "fatal_error": None,
        "is_paused": False,
        "nice_status": "OK",
        "nice_status_short_description": "OK",
        "canceled_by_admin_message": None,
        "files": 8,
        "files_transferred": 2,
        "files_skipped": 0,
        "bytes_transferred": 4_000_000,
        "effective_bytes_per_second": 500_000,
        "subtasks_canceled": 0,
        "subtasks_expired": 0,
    }
    return cast("TaskDocument", {**document, **members})


def watched(total_bytes: int | None = None, **members: Any) -> WatchedTask:
    """Return such a task as a page shows it."""
    return WatchedTask(TaskProgress.of(task_of(**members), at=8, bytes_total=total_bytes))


class TestProgress:
    def test_percent(self) -> None:
        """Files count, or bytes if their number is known; 100 % is for success only."""
        assert watched().percent == 25
        assert watched(8_000_000).percent == 50
        assert watched(1_000_000).percent == 99
        assert watched(files=0, files_transferred=0).percent is None
        assert watched(status="FAILED", files_transferred=8).percent == 99
        assert watched(status="SUCCEEDED").percent == 100

    @pytest.mark.parametrize("total", [0, None])
    def test_an_unknown_total(self, total: int | None) -> None:
        """Before Globus has counted the items, there is no time."""
        assert "time left unknown" in watched(files=total, files_transferred=total).facts

    @pytest.mark.parametrize("members", [{"is_paused": True}, {"status": "INACTIVE"}])
    def test_a_task_that_does_not_run(self, members: dict[str, Any]) -> None:
        """A paused task has no time left."""
        assert not [fact for fact in watched(**members).facts if "left" in fact]

    def test_facts_of_a_task_that_is_done(self) -> None:
        """It shows its duration and its mean speed."""
        task = watched(status="SUCCEEDED", completion_time="2026-11-29T14:03:05+00:00", files_transferred=8)
        assert task.facts == ["8 files", "4.0 MB", "took 3 minutes 5 seconds", "500 kB/s on average"]

    def test_facts_of_a_running_task(self) -> None:
        """Files and bytes of the total, files that were there, the speed and the time left."""
        assert watched(16_000_000, files_skipped=1).facts == [
            "3 of 8 files",
            "4.0 MB of 16.0 MB",
            "1 already there",
            "500 kB/s",
            "about 20 seconds left",
        ]

    def test_a_stall_of_hours(self) -> None:
        """The page is still shown when the speed is too small for a division."""
        progress = watched(16_000_000).progress
        for second in range(9, 20_000, 4):
            progress = progress.next(task_of(), at=second)
        assert WatchedTask(progress).facts[-2:] == ["0 B/s", "time left unknown"]


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (None, "time left unknown"),
            (0, "a few seconds left"),
            (7.9, "a few seconds left"),
            (8, "about 10 seconds left"),
            (44, "about 40 seconds left"),
            (54.9, "about 50 seconds left"),
            (55, "about 1 minute left"),
            (100, "about 2 minutes left"),
            (54 * 60, "about 54 minutes left"),
            (56 * 60, "about 1 hour left"),
            (5 * 3600, "about 5 hours left"),
            (23 * 3600, "about 1 day left"),
            (3 * 86400, "about 3 days left"),
            (1e9, "months left"),
            (math.inf, "months left"),
        ],
    )
    def test_time_left(self, seconds: float | None, text: str) -> None:
        """An estimate in round numbers."""
        assert time_left(seconds) == text

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.2, "1 second"),
            (59.6, "1 minute"),
            (61, "1 minute 1 second"),
            (3600, "1 hour"),
            (3605, "1 hour"),
            (90061, "1 day 1 hour"),
        ],
    )
    def test_durations(self, seconds: float, text: str) -> None:
        """The two largest units that follow each other."""
        assert human_duration(seconds) == text

    @pytest.mark.parametrize(
        ("size", "text"),
        [
            (None, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_999, "1.0 MB"),
            (123_456_789, "123 MB"),
            (2e15, "2.0 PB"),
        ],
    )
    def test_sizes(self, size: float | None, text: str) -> None:
        """Three digits and a unit."""
        assert human_size(size) == text

    @pytest.mark.parametrize(
        "text", ["2026-11-29T14:05:00+00:00", "2026-11-29 14:05:00+00:00", "2026-11-29 15:05:00+01:00"]
    )
    def test_times(self, text: str) -> None:
        """Each form that Globus uses."""
        moment = moment_of(text)
        assert moment is not None
        assert human_date(moment) == "29 Nov 2026, 14:05 UTC"

    @pytest.mark.parametrize("text", [None, "", "yesterday", 5, "0001-01-01 00:00:00+05:00"])
    def test_no_times(self, text: object) -> None:
        """Anything else is no time."""
        assert moment_of(text) is None


class TestExplanations:
    @pytest.mark.parametrize(
        "code", sorted({problem.value for problem in Problem} - {"NOT_SUPPORTED", "DIRECTORY_NOT_EMPTY"})
    )
    def test_faults_have_words_and_advice(self, code: str) -> None:
        """Each fault says what happened and what the user can do."""
        assert all(explain(code))

    def test_an_unknown_code(self) -> None:
        """The description of Globus is a sentence."""
        assert explain("NEW_CODE", "something new").what == "Something new."
        assert explain(None).what == "Unknown reason."

    @pytest.mark.parametrize(
        ("members", "state", "what"),
        [
            ({}, "ACTIVE", None),
            ({"nice_status": "Queued"}, "QUEUED", None),
            ({"nice_status": "QUOTA_EXCEEDED"}, "RETRYING", "The destination has no space left for you."),
            ({"is_paused": True}, "PAUSED", "A manager of a collection paused the transfer."),
            (
                {"status": "INACTIVE", "nice_status": "CONSENT_REQUIRED"},
                "INACTIVE",
                "A collection requires your consent.",
            ),
            ({"status": "SUCCEEDED"}, "SUCCEEDED", None),
            ({"status": "FAILED", "subtasks_canceled": 1}, "CANCELED", None),
            ({"status": "FAILED", "subtasks_expired": 1}, "EXPIRED", EXPLANATIONS["EXPIRED"].what),
            (
                {"status": "FAILED", "fatal_error": {"code": "X", "description": "disk on fire"}},
                "FAILED",
                "Disk on fire.",
            ),
            (
                {"status": "FAILED", "subtasks_canceled": 1, "canceled_by_admin_message": "maintenance"},
                "CANCELED",
                "A manager of a collection canceled the transfer: maintenance",
            ),
        ],
    )
    def test_states(self, members: dict[str, Any], state: str, what: str | None) -> None:
        """The state of a task, and what is wrong with it."""
        task = task_of(**members)
        problem = problem_of(task)
        assert state_of(task) == state
        assert state in STATES
        assert (problem.what if problem else None) == what

    def test_options(self) -> None:
        """Each option is a sentence."""
        flags = (
            "verify_checksum",
            "encrypt_data",
            "preserve_timestamp",
            "delete_destination_extra",
            "skip_source_errors",
        )
        assert len(options_of(task_of(sync_level=3, **dict.fromkeys(flags, True)))) == 6
        assert options_of(task_of(sync_level=None, **dict.fromkeys(flags, False))) == [
            "All files are copied.",
            "Data is not encrypted on its way.",
        ]

    def test_the_summary_does_not_change_with_the_progress(self) -> None:
        """Screen readers are not flooded; the title of the window shows the progress."""
        one, other = watched(), watched(files_transferred=6)
        done = watched(status="SUCCEEDED")
        assert summary([one, done]) == summary([other, done]) == "Transfers: 1 in progress, 1 completed."
        assert heading([one, other, done], "Transfers") == "50 % · Transfers · Meridian"
        assert heading([done], "Transfers") == "Transfers · Meridian"
        assert summary([]) == "No transfers."


class TestFolders:
    def test_sorting(self) -> None:
        """Folders first; the links reverse a column that is sorted, and begin with the largest and the latest."""
        assert orders_of("-size") == ["type", "size DESC", "name"]
        assert orders_of("name") == ["type", "name"]
        assert [(each.link, each.direction) for each in columns("name")] == [
            ("-name", "ascending"),
            ("-size", None),
            ("-modified", None),
        ]
        assert [(each.link, each.direction) for each in columns("-size")][1] == ("size", "descending")

    @pytest.mark.parametrize(
        ("name", "kind"), [("a.H5", "Data"), ("b.tar.gz", "Archive"), ("c", "File"), (".png", "File"), ("d.md", "Text")]
    )
    def test_kinds(self, name: str, kind: str) -> None:
        """By the end of the name."""
        entry = entry_of(cast("FileDocument", {"name": name, "type": "file", "size": 3, "last_modified": None}), "/")
        assert entry is not None
        assert (entry.kind, entry.is_folder, entry.size) == (kind, False, 3)

    def test_paths(self) -> None:
        """A folder's path has a slash at both ends, and a crumb for each folder above."""
        assert [folder_path(path) for path in ("", "/", "a/b", "//a//")] == ["/", "/", "/a/b/", "/a/"]
        assert crumbs("/a/b/") == [("a", "/a/"), ("b", "/a/b/")]
        assert crumbs("/") == []
