"""Facts about a service that the tests of all clients need and that its code does not contain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.toolkit.canaries import Canaries

__all__ = ("Objects", "ServiceFacts")

Objects = Callable[[Canaries], Awaitable[list[object]]]


@dataclass(frozen=True, kw_only=True)
class ServiceFacts:
    """
    How to make a service's clients and call their methods: ``FACTS`` in ``tests/services/<name>/facts.py``.

    A value may be a function without arguments: it is called for each call, and returns the value.

    Attributes:
        constructor: Values of required constructor arguments, by name.
        values: Values of required parameters, by name; those named ``*_id`` and ``*_ids`` are UUIDs unless they are
            here.
        arguments: Arguments of single methods, by the method's name, or by ``Client.method``; they replace those from
            `values`.
        same_as: The service whose errors and emulator it has; by default it has its own.
        no_request: Public methods that send no request.
        not_callable: ``Client.method`` of methods that the client has but cannot use, with the reason.
        emulated_address: Returns the address of the service in an emulator, if it depends on what is in that.
        preparation: What has to be done to a client before a method can be called, by the method's name.
        repeated_writes: Methods that send ``POST`` or ``PATCH`` requests and repeat them after a failure, with the
            reason why that is harmless.
        text_ids: Parameters named ``*_id`` that take any single path segment, not only UUIDs.
        lists: Methods whose documented response is a JSON array, or another value that is no object.
        without_example: Public methods and classes without an example in their docstring, with the reason.
        objects: Returns instances of the service's public classes, made with the given secrets.
        without_secrets: Public classes that `objects` leaves out, because others make them and they hold no secret.
    """

    constructor: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    same_as: str | None = None
    no_request: frozenset[str] = frozenset()
    not_callable: Mapping[str, str] = field(default_factory=dict)
    emulated_address: Callable[[Any], str] | None = None
    preparation: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    repeated_writes: Mapping[str, str] = field(default_factory=dict)
    text_ids: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    without_example: Mapping[str, str] = field(default_factory=dict)
    objects: Objects | None = None
    without_secrets: frozenset[str] = frozenset()
