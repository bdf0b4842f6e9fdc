"""Facts about a service's counterpart in globus-sdk, for the comparison of signatures and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import globus_sdk

from tests.parity.differences import Differences
from tests.parity.recording import RecordedRequest, accept_everything

if TYPE_CHECKING:
    from tests.clients import Service

__all__ = ("ParityFacts", "WireCall")


@dataclass(frozen=True)
class WireCall:
    """A call to make through both packages, whose requests must be the same."""

    client: str
    method: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    accepts: tuple[str, ...] = ()
    """The keys of the differences that are accepted."""

    def __str__(self) -> str:
        shown = [repr(value)[:24] for value in self.args] + [f"{k}={v!r}"[:44] for k, v in self.kwargs.items()]
        return ascii(f"{self.client}.{self.method}({', '.join(shown)})")[1:-1]

    @property
    def name(self) -> str:
        """The method with its client."""
        return f"{self.client}.{self.method}"

    def with_each(self, options: Mapping[str, list[Any]]) -> Iterable[WireCall]:
        """Return the call as it is, with each value of each option alone, and with all options together."""
        yield self
        for name, values in options.items():
            for value in values:
                yield replace(self, kwargs={**self.kwargs, name: value})
        if len(options) > 1:
            yield replace(self, kwargs={**self.kwargs, **{name: values[0] for name, values in options.items()}})


Requests = list[RecordedRequest]


def _unchanged(_: WireCall, ours: Requests, theirs: Requests) -> tuple[Requests, Requests]:
    return ours, theirs


@dataclass(frozen=True, kw_only=True)
class ParityFacts:
    """
    How a service is compared with globus-sdk: ``PARITY`` in ``tests/services/<name>/parity.py``.

    What releases of globus-sdk have is read from ``official_sdk.json`` beside that file, where it exists, and otherwise
    from the installed globus-sdk.

    Attributes:
        differences: The deliberate differences: the content of ``docs/<name>_differences.md``.
        sdk: The module that has the counterparts of the clients.
        removed: Methods (as ``(class, method)``) and parameters (as ``(class.method, parameter)``) that this package
            does not have, with the key of the difference.
        by_name: The number of leading positional parameters, for methods that take fewer by position than globus-sdk 4.
        seed_by_name: The same for globus-sdk 1.
        seed_names: Names of parameters here that had another name in globus-sdk 1, by ``(class.method, name)``.
        renamed: Methods that have another name or form here, with the text for the table of all methods.
        no_counterpart: Clients that globus-sdk does not have, with the reason.
        constructor: Values of constructor arguments of the compared clients, by name.
        required: Values of required parameters in compared calls, by name; the others are `ServiceFacts.values`.
        optional: Values of optional parameters, each of which is compared.
        calls: Returns the calls to compare, of a service; by default each method of the counterparts with each value of
            `optional`.
        not_compared: ``Client.method`` of methods whose requests are not compared, with the reason.
        compared_by: ``Client.method`` of methods that another test compares, with that test as ``path::function``.
        respond: Returns the document that the recording server responds with.
        reconcile: Takes the accepted differences out of the requests of both sides.
    """

    differences: Differences
    sdk: ModuleType = globus_sdk
    removed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    by_name: Mapping[str, int] = field(default_factory=dict)
    seed_by_name: Mapping[str, int] = field(default_factory=dict)
    seed_names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    no_counterpart: Mapping[str, str] = field(default_factory=dict)
    constructor: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[str, Any] = field(default_factory=dict)
    optional: Mapping[str, list[Any]] = field(default_factory=dict)
    calls: Callable[[Service], Iterable[WireCall]] | None = None
    not_compared: Mapping[str, str] = field(default_factory=dict)
    compared_by: Mapping[str, str] = field(default_factory=dict)
    respond: Callable[[RecordedRequest], object] = accept_everything
    reconcile: Callable[[WireCall, Requests, Requests], tuple[Requests, Requests]] = _unchanged
