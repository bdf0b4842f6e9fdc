"""The deliberate differences of TimersClient from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)


_ENTRIES: Final = (
    Difference(
        "jobs",
        "signature",
        "`list_jobs`",
        "returns `Pages` and is not a coroutine: `async for` yields the timers, `await` returns the document, which can"
        " be iterated too; the filters of the service are keywords",
        "`for job in client.list_jobs()` of globus-sdk raises `KeyError`",
    ),
    Difference(
        "keywords",
        "signature",
        "all methods",
        "take `query_params=`; `get_job` has keywords for its page of results",
        "the service may get parameters that this package does not have",
    ),
    Difference(
        "new_methods",
        "extension",
        "`list_job_results`, `wait_for_timer`, `wait_for_timer_run`, `transfer_timer_scope`, `flow_timer_scope`",
        "are new",
        "nothing in globus-sdk follows the results of a timer, waits for it, or makes its scopes without an app",
    ),
    Difference(
        "update_credentials",
        "wire",
        "`resume_job(update_credentials=)`",
        "is sent as a query parameter, and in the body as globus-sdk does",
        "the service describes a query parameter; a service that reads the body still finds it",
    ),
    Difference(
        "end",
        "wire",
        '`RecurringTimerSchedule(end={"condition": "iterations", "iterations": 10})`',
        "is sent with the member `count`; `iterations=` and `until=` are new, and other documents are refused",
        "the service has no member `iterations`, which the documentation of globus-sdk shows",
    ),
    Difference(
        "times",
        "wire",
        "times of schedules and of `TimerJob`",
        "without time zone are refused; fractions of a second are rounded up",
        "globus-sdk takes some of them as local and sends others without zone; it cuts fractions, so that a time of now"
        " is in the past when it arrives",
    ),
    Difference(
        "interval",
        "wire",
        "intervals",
        "may be a `timedelta` everywhere, and are checked: whole seconds, from a minute to 365 days",
        "globus-sdk fails with `TypeError` when it sends a schedule with a `timedelta`",
    ),
    Difference(
        "booleans",
        "wire",
        "booleans in `query_params`",
        "are `true` and `false`",
        "`True` and `False` are not values of the service",
    ),
    Difference(
        "copies",
        "behaviour",
        "`TransferTimer`, `FlowTimer`, `TimerJob`",
        "copy their documents whole",
        "with globus-sdk an item that is added to a `TransferData` later appears in the timer",
    ),
    Difference(
        "kinds",
        "behaviour",
        "`create_timer`, `create_job`",
        "refuse each other's documents, also a `FlowTimer` in `create_job`; `TransferTimer` refuses a deletion",
        "the service would refuse them with problems of members that the caller has never heard of",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`create_timer`, `create_job`",
        "are sent once: not again after a 502 or a lost connection",
        "globus-sdk may create two timers",
    ),
    Difference(
        "interval_of_one",
        "behaviour",
        "`TimerJob`",
        "requires an interval of `None` exactly if it runs once, with `stop_after_n=1`",
        "the service does",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID is refused before anything is sent",
        "`../jobs` as an id would address another resource",
    ),
    Difference(
        "messages",
        "error",
        "`TimersAPIError.messages`",
        "name the place of every problem, before its text: `body.timer.schedule: field required`",
        "globus-sdk drops problems in lists, whose place has a number",
    ),
)

DIFFERENCES: Final = Differences("TimersClient differs", _ENTRIES)
