"""The blocking form of an object: one class for all, whose types are in the stub of this package."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from functools import partial, update_wrapper
from inspect import isawaitable, iscoroutine, iscoroutinefunction, ismethod
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from ..authorizers import GlobusAuthorizer
from ..bulk_calls import Bulk
from ..bulk_calls import bulk as bulk_of
from ..errors import GlobusSDKUsageError
from ..errors.arguments import refusal
from ..paging import Pages
from ..response import GlobusHTTPResponse
from .loop_thread import LoopThread

if TYPE_CHECKING:
    from types import TracebackType

    from ..bulk_calls import Progress
    from ..clock import Clock

__all__ = ("Blocking", "BlockingMethod", "blocking", "bulk", "is_made_blocking")

_PACKAGE: Final = "globus_async"
_ASYNC_METHODS: Final = frozenset({"__aenter__", "__aiter__", "__anext__", "__await__"})


class Blocking:
    """
    The blocking form of an object with coroutines; made by `blocking`, and by methods of such objects.

    ==========================================  ==================================
    With `asyncio`                              Here
    ==========================================  ==================================
    ``await tc.get_task(id)``                   ``tc.get_task(id)``
    ``async for task in tc.task_list()``        ``for task in tc.task_list()``
    ``await tc.task_list()``, the first page    ``tc.task_list().result()``
    ``async with bulk(...) as outcomes``        ``with bulk(...) as outcomes``
    ``await bulk(...)``                         ``bulk(...).result()``
    ==========================================  ==================================

    Everything else is as it is: attributes, and methods that are not coroutines.
    """

    __slots__ = ("__weakref__", "_owns_thread", "_thread", "_wrapped")

    _owns_thread: bool
    _thread: LoopThread
    _wrapped: Any

    def __init__(self, wrapped: Any, thread: LoopThread, *, owns_thread: bool = False) -> None:
        object.__setattr__(self, "_wrapped", wrapped)
        object.__setattr__(self, "_thread", thread)
        object.__setattr__(self, "_owns_thread", owns_thread)

    @property
    def wrapped(self) -> Any:
        """The object with coroutines."""
        return self._wrapped

    def run(self, awaitable: Awaitable[Any], *, timeout: float | None = None) -> Any:
        """
        Await something in the event loop of this object, and return the result as it is.

        Args:
            awaitable: Such as ``client.wrapped.my_method(...)``.
            timeout: Seconds until it is cancelled; ``None`` for no limit.

        Raises:
            TimeoutError: The time is up.
            ClientClosedError: This object, or the one whose event loop it shares, is closed.
            GlobusSDKUsageError: A bad timeout, or this thread runs an event loop.
        """
        if not isawaitable(awaitable):
            raise refusal("awaitable", awaitable, "a coroutine, such as client.wrapped.my_method(...)")
        return self._thread.run(awaitable, timeout=timeout)

    def iterate(self, items: AsyncIterable[Any]) -> Iterator[Any]:
        """Iterate over something in the event loop of this object, such as ``client.wrapped.my_listing(...)``."""
        return iter(Blocking(items, self._thread))

    def result(self) -> Any:
        """Wait for the result of a listing, a bulk or a submission, as ``await`` does."""
        return _blocking_form(self.run(self._wrapped), self._thread)

    def close(self) -> None:
        """Close the object; if `blocking` made its event loop, end that and its thread, too. Idempotent."""
        self._close(getattr(self._wrapped, "aclose", None))

    def __enter__(self) -> Any:
        entered = self.run(self._wrapped.__aenter__())
        return self if entered is self._wrapped else _blocking_form(entered, self._thread)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(partial(self._wrapped.__aexit__, kind, error, trace))

    def _close(self, close: Callable[[], Awaitable[None]] | None) -> None:
        if self._thread.is_closed:
            return
        self._thread.check()
        try:
            if close is not None:
                self.run(close())
            if hasattr(self._wrapped, "aclose"):
                self._thread.do_not_call(self._wrapped.aclose)
        finally:
            if self._owns_thread:
                self._thread.close()

    def __iter__(self) -> Iterator[Any]:
        wrapped: Any = self._wrapped
        kind = _class_of(wrapped)
        if issubclass(kind, Pages):  # a page at a time, not an item
            return _items(Blocking(wrapped.pages(), self._thread))
        if issubclass(kind, Bulk):
            raise TypeError("enter the bulk using 'with', for an iterator, or use its .result() or .values()")
        if hasattr(kind, "__anext__"):
            return self
        if not hasattr(kind, "__aiter__"):
            raise TypeError(f"{kind.__name__!r} object is not iterable")
        return Blocking(aiter(wrapped), self._thread)

    def __next__(self) -> Any:
        item = self.run(_next(self._wrapped))
        if item is _END:
            raise StopIteration
        return _blocking_form(item, self._thread)

    def __getitem__(self, key: object) -> NoReturn:
        kind = _class_of(self._wrapped)
        if hasattr(kind, "__await__"):
            raise TypeError(f"get the result of the {kind.__name__} first: .result()[{key!r}]")
        raise TypeError(f"{kind.__name__!r} object is not subscriptable")

    async def __aenter__(self) -> NoReturn:
        raise TypeError(f"use 'with', not 'async with'; in coroutines use {_class_of(self._wrapped).__name__} itself")

    async def __aexit__(self, *_: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._wrapped, name)
        if ismethod(value) or iscoroutinefunction(value):
            return BlockingMethod(value, self)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._wrapped, name, _wrapped_form(value))

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._wrapped), "close", "iterate", "run", "wrapped"})

    def __repr__(self) -> str:
        return f"<blocking {self._wrapped!r}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a blocking client has a thread and cannot be pickled; make one in each process")


class BlockingMethod:
    """
    A method of a `Blocking` object.

    Attributes:
        method: The method with coroutines.
        owner: The object.
    """

    def __init__(self, method: Callable[..., Any], owner: Blocking) -> None:
        update_wrapper(self, method)
        self.method: Callable[..., Any] = method
        self.owner: Blocking = owner

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the method, and wait for its result."""
        thread = _thread_of(self.owner)
        thread.check()
        try:
            result = self.method(*map(_wrapped_form, args), **{n: _wrapped_form(v) for n, v in options.items()})
        finally:
            del args, options  # a traceback would show them
        if iscoroutine(result):
            result = thread.run(result)
        return self.owner if result is self.owner.wrapped else _blocking_form(result, thread)

    def __repr__(self) -> str:
        return f"<blocking {self.method!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a method of a blocking client has a thread and cannot be pickled")


_END: Final = object()


async def _next(iterator: Any) -> Any:
    return await anext(iterator, _END)


def _items(pages: Iterable[Iterable[Any]]) -> Iterator[Any]:
    for page in pages:
        yield from page


def _blocking_form(value: Any, thread: LoopThread) -> Any:
    """Return the result of a method in its blocking form, if it has one."""
    return Blocking(value, thread) if is_made_blocking(_class_of(value)) else value


def _class_of(value: object) -> type[object]:
    return type(value)


def _wrapped_form(value: Any) -> Any:
    """Return what an argument stands for: its object with coroutines, if it is a blocking form."""
    if isinstance(value, BlockingMethod):
        return value.method
    return value.wrapped if isinstance(value, Blocking) else value


def is_made_blocking(kind: type) -> bool:
    """
    Whether results of a class are returned in their blocking form.

    It is a class with coroutines of this package, or whose objects are awaited, iterated or entered. Responses and
    authorizers are returned as they are.
    """
    return not issubclass(kind, (GlobusAuthorizer, GlobusHTTPResponse)) and any(
        name in _ASYNC_METHODS or iscoroutinefunction(member)
        for base in kind.__mro__
        if base.__module__.partition(".")[0] == _PACKAGE
        for name, member in vars(base).items()
    )


def blocking(client_class: Callable[..., Any], /, *args: Any, **options: Any) -> Blocking:
    """
    Make a client whose methods block, for programs without an event loop.

    The client has an event loop of its own in a daemon thread, which the first call starts and `Blocking.close`, the
    end of a ``with`` block or of the process end. Any number of threads can use it. A forked process that uses it
    starts a thread and connections of its own.

    Args:
        client_class: The class, such as `TransferClient` or `UserApp`; the types of its methods are known to type
            checkers. Of a class of your own, ``client.run(client.wrapped.method(...))`` is typed.
        args: The positional arguments of the class.
        options: Its other arguments. With a blocking app, transport or client among them, the new one shares its event
            loop, and is closed before it.

    Returns:
        The client, for a ``with`` block, or to be closed by `Blocking.close`.

    Raises:
        GlobusSDKUsageError: Bad arguments, or two that have different event loops.
    """
    if not callable(client_class):
        raise refusal("client_class", client_class, "a class, as in blocking(TransferClient, authorizer=...)")
    threads = {_thread_of(value) for value in (*args, *options.values()) if isinstance(value, Blocking)}
    if len(threads) > 1:
        raise GlobusSDKUsageError(
            "the arguments belong to different event loops: make one of them by blocking(), and pass it to the others"
        )
    try:
        wrapped = client_class(*map(_wrapped_form, args), **{n: _wrapped_form(v) for n, v in options.items()})
    finally:
        del args, options  # a traceback would show them
    owns_thread = not threads
    thread = LoopThread() if owns_thread else threads.pop()
    made = Blocking(wrapped, thread, owns_thread=owns_thread)
    if hasattr(wrapped, "aclose"):
        thread.call_on_end(wrapped.aclose)
        if not owns_thread:  # one that is dropped must not live as long as the event loop
            weakref.finalize(made, thread.do_not_call, wrapped.aclose).atexit = False
    return made


def _thread_of(value: Blocking) -> LoopThread:
    return value._thread  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def bulk(
    call: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    concurrency: int = 50,
    ordered: bool = False,
    progress: Callable[[Progress], object] | None = None,
    clock: Clock | None = None,
) -> Blocking:
    """
    Call a method of a blocking client for every item, concurrently, as `globus_async.bulk` does.

    Args:
        call: A method of a blocking client, such as ``tc.get_task``.
        items: The arguments of the calls. An iterator is read in the event loop of the client.
        concurrency: The maximum number of concurrent calls.
        ordered: Whether outcomes are in the order of the input instead of the order of completion.
        progress: Called after every outcome, in the event loop of the client.
        clock: The source of time for the rate in ``progress``. By default the clock of this machine.

    Returns:
        Use ``with`` for an iterator over outcomes, ``.result()`` for all outcomes, ``.values()`` for the values.

    Raises:
        GlobusSDKUsageError: A bad argument.
    """
    if not isinstance(call, BlockingMethod):
        raise GlobusSDKUsageError(
            "call must be a method of a blocking client, such as tc.get_task; with a coroutine function of your own"
            " write tc.run(globus_async.bulk(function, items))"
        )
    made = bulk_of(call.method, items, concurrency=concurrency, ordered=ordered, progress=progress, clock=clock)
    return Blocking(made, _thread_of(call.owner))
