"""The deliberate differences of the clients of Compute from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "keywords",
        "signature",
        "all methods",
        "take `query_params=`",
        "the service may get parameters that this package does not have",
    ),
    Difference(
        "new_operations",
        "extension",
        "`head_version`, `check_authentication`, `register_container`, `build_container`,"
        " `get_container_build_status`, `get_container`; of `ComputeClientV3` `delete_endpoint`,"
        " `get_endpoint_console`, `set_subscription_admin_verified`",
        "are new",
        "the service has these operations",
    ),
    Difference(
        "tasks_of_v3",
        "extension",
        "`ComputeClientV3.get_task`, `get_task_batch`, `get_task_group`",
        "are those of `ComputeClientV2`",
        "version 3 of the API submits tasks, and has no operations to read them",
    ),
    Difference(
        "new_methods",
        "extension",
        "`wait_for_task`, `wait_for_tasks`, `find_submitted_tasks`",
        "are new",
        "nothing in globus-sdk waits for tasks, or finds those of a submission without response",
    ),
    Difference(
        "task_group_id",
        "wire",
        "`ComputeClientV2.submit` without `task_group_id`",
        "sends a random one",
        "the tasks can be found if the response is lost; version 3 accepts only groups that exist",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`submit`, and all registrations",
        "are sent once; `submit` then raises `TasksUncertain`",
        "globus-sdk may run tasks twice after a 502 or a lost connection",
    ),
    Difference(
        "rate_limit",
        "behaviour",
        "`submit`",
        "observes the rate limit of the service, 20 in ten seconds, unless `rate_limit=` or"
        " `Transport(default_rate_limits=False)` says otherwise",
        "the service refuses more",
    ),
    Difference(
        "checked",
        "behaviour",
        "submissions",
        "of another form, or with arguments of more than 10 MB together, are refused before anything is sent",
        "the service would refuse them after they have been sent",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID is refused before anything is sent",
        "`../functions` as an id would address another resource",
    ),
    Difference(
        "passwords",
        "behaviour",
        "responses of `get_result_amqp_url`, `register_endpoint`, `update_endpoint`",
        "do not show the addresses of queues in `repr`, `str` and pickles",
        "they have passwords",
    ),
    Difference(
        "error_classes",
        "error",
        "`TaskPayloadTooLarge`, `EndpointLocked`",
        "are classes of errors, and `error_args` is an attribute of all",
        "a status of 413 or 423 has one meaning here",
    ),
)

DIFFERENCES: Final = Differences("ComputeClientV2 and V3 differ", _ENTRIES)
