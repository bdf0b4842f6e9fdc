"""
One history: processes that share a login, what happens to them, and the promises that hold all the same.

The promises, each of which raises a `Violation` when it is broken:

1. **No refresh token is reused.** A token request of a login is sent while its process holds the lease, as the
   storage's server sees it, and with a refresh token that had not been replaced in the storage when that lease was
   granted. And Auth never revokes the login because a replaced token was used. (After the grant, tokens that a former
   holder has received may still reach the storage. The replaced token is then used again, which Auth allows until its
   successor is used.)
2. **No login is lost.** The storage ends with a refresh token that works; every process gets a token again within ten
   minutes after faults have ended. A token that a process has received is stored, or replaced by a newer one, before
   the process ends in an orderly way, unless the storage failed; if it failed, a minute after it works again, unless
   the task that stores it was cancelled from outside.
3. **No newer entry is overwritten by an older one.**
4. **Every call ends** within ten minutes (without the time for which its process was paused) with a token, or with a
   `TokenRefreshError`; with `LoginRequired` only if the refresh token that Auth refused is still the stored one. A
   token that was refused is not returned again.
5. **Without faults** a request is sent only when the stored token is due, expired or refused, no call waits longer
   than five seconds, and the token that it gets is accepted.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from globus_async.authorizers import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import LoginRequired, TokenRefreshError
from globus_async.secret import Secret
from globus_async.token_storage import TokenStorageData
from tests.simulation.auth import LIFETIME, SCOPE, SERVER, AuthClient, SimulatedAuth
from tests.simulation.engine import Connection, SimulatedEngine
from tests.simulation.kinds import make_kind
from tests.simulation.storage import SimulatedStorage
from tests.simulation.world import Process, Violation, World

__all__ = ("History", "Plant", "run_history")

Authorizer = RefreshTokenAuthorizer | ClientCredentialsAuthorizer
Plant = Callable[[Authorizer], None]
"""Puts a bug into an authorizer."""

MAX_SECONDS: Final = 600.0
MAX_SECONDS_WITHOUT_FAULTS: Final = 5.0
MAX_SECONDS_TO_STORE: Final = 60.0
CLOSING_SECONDS: Final = 5.0
FAULTS: Final = (
    "pauses",
    "crashes",
    "shutdowns",
    "network",
    "storage",
    "outages",
    "clocks",
    "logins",
    "revoked",
    "cancelled",
)
ENGINE_FAULTS: Final = ("failovers", "evictions", "engine clocks")
"""What happens to the engine of a database besides."""


@dataclass(eq=False)
class Program:
    """A process, with its authorizer, and what it has seen."""

    process: Process
    storage: Connection | SimulatedStorage
    authorizer: Authorizer
    received: str | None = None
    """The newest refresh token that it has received; ``None`` if the engine has stored it, and lost it."""
    sent: str | None = None
    """The refresh token that it has sent last."""
    replaced: set[str] = field(default_factory=set)
    """The refresh tokens for which it has received other ones."""
    received_at: float = 0.0
    is_closing: bool = False
    spared_until: float = 0.0
    """Until when it neither ends nor pauses: a failover has lost a token whose successor only this process knows."""
    failures: int = 0
    """The failures of its storage until then."""
    was_cancelled: bool = False
    """Whether its refresh, or what stores a token later, was cancelled from outside since then."""
    refused_while_replaced: bool = False
    """Whether Auth refused a refresh token last that had been replaced in the storage by one that works."""


class History:
    """
    One history.

    Args:
        seed: Decides everything.
        kind: The kind of storage, a key of `KINDS`.
        plant: Puts a bug into each authorizer.
        faults: What may happen; ``None`` for a choice by the seed.
        application: Whether the processes are of an application; ``None`` for a choice by the seed.
        processes: Their number; ``None`` for a choice by the seed.
        busy: Whether they call a service now and then.
    """

    def __init__(
        self,
        seed: int,
        kind: str = "protocol",
        *,
        plant: Plant | None = None,
        faults: frozenset[str] | None = None,
        application: bool | None = None,
        processes: int | None = None,
        busy: bool = True,
    ) -> None:
        self.world = world = World(seed)
        self.random = world.random
        random.seed(seed)  # of pauses before a lease is polled again
        self._has_engine = kind != "protocol"
        self.faults = self._choose_faults() if faults is None else faults
        self.application = self.random.random() < 0.1 if application is None else application
        if kind == "session":
            self.application = False
        count = self.random.choice((2, 2, 3, 4)) if processes is None else processes
        self.auth = SimulatedAuth(
            world,
            rotates=self.random.random() < 0.9,
            siblings=self.random.random() < 0.5,
            fault=self._network_fault,
        )
        frees_dead = self.random.random() < 0.5
        self._kind = make_kind(
            kind,
            world,
            fault=self._storage_fault,
            frees_dead=frees_dead,
            replaced=self._check_replaced,
            lost=self._note_lost,
            may_lose=self._may_lose,
        )
        self.server = self._kind.server
        self._plant = plant
        self._busy = busy
        names = (*FAULTS, *ENGINE_FAULTS) if self._has_engine else FAULTS
        self._rates = {name: self.random.choice((0.3, 1.0, 3.0)) if name in self.faults else 0.0 for name in names}
        happenings = {
            "clocks": self._step_clock,
            "logins": self._log_in,
            "revoked": self._revoke,
            "outages": self._begin_outage,
            "shutdowns": self._shut_down,
            "cancelled": self._cancel_refresh,
            "failovers": self._fail_over,
            "evictions": self._evict,
            "engine clocks": self._step_engine_clock,
        }
        self._happenings = {name: happen for name, happen in happenings.items() if name in self.faults}
        self._outage = ""
        self._names = itertools.count(1)
        self._calls: dict[object, tuple[float, Program, float]] = {}
        self.programs: list[Program] = []
        self._senders: dict[str, Program] = {}
        """Who has sent each refresh token last."""
        self._log_in()
        for _ in range(count):
            self._start()
        world.disturb = self._disturb

    def _choose_faults(self) -> frozenset[str]:
        share = self.random.choice((0.0, 0.15, 0.3, 0.6))
        chosen = frozenset(name for name in FAULTS if self.random.random() < share)
        if not self._has_engine or not share:
            return chosen
        return chosen | {name for name in ENGINE_FAULTS if self.random.random() < 0.6}

    def __str__(self) -> str:
        return f"{self.auth.requests} requests, {self.auth.access}, {self.server.superseded}"

    # what happens

    def run(self, *, expiries: int = 3) -> None:
        """Let it happen; raise a `Violation` if a promise is broken."""
        world = self.world
        try:
            self._plan(expiries * LIFETIME)
            world.run(expiries * LIFETIME)
            self._end_faults()
            world.run(200.0)
            self._check_received()
            if self.auth.logins[-1].is_revoked:
                self._log_in()
            world.run(MAX_SECONDS)
            self._check_calls()
            self._check_recovery()
        finally:
            world.end()

    def _plan(self, seconds: float) -> None:
        """Choose when logins, revocations, outages and steps of clocks happen."""
        for name, happen in self._happenings.items():
            for _ in range(self.random.choice((1, 2, 4))):
                self.world.after(self.random.uniform(0, seconds), partial(self._do, name, happen))

    def _do(self, name: str, happen: Callable[[], None]) -> None:
        if self._rates[name]:
            happen()

    def _plan_around_request(self, process: Process) -> None:
        """Let the same happen while a token request is running, when it does most harm."""
        for name, happen in self._happenings.items():
            if self.random.random() < (0.2 if name in ENGINE_FAULTS else 0.05) * self._rates[name]:
                self.world.after(self.random.choice((0.005, 0.1, 0.8)), partial(self._do, name, happen))
        if self.random.random() < 0.05 * self._rates["pauses"]:
            self.world.after(
                self.random.uniform(0, 0.8), lambda: self._pause(process, self.random.choice((65.0, 200.0, 1500.0)))
            )

    def _end_faults(self) -> None:
        self.world.disturb = lambda _: None
        self._rates = dict.fromkeys(self._rates, 0.0)
        self._outage = ""
        for program in self.programs:
            program.process.resumes_at = min(program.process.resumes_at, self.world.now)

    def _disturb(self, process: Process) -> None:
        """Pause or kill a process before its next step, sometimes."""
        lot = self.random.random()
        if lot < 0.004 * self._rates["pauses"]:
            self._pause(process, self.random.choice((0.5, 5.0, 30.0, 70.0, 200.0)))
        elif lot > 1 - 0.002 * self._rates["crashes"] and not self._is_spared(process):
            process.crash()
            self.server.process_died(process)
            self._ended(process)

    def _pause(self, process: Process, seconds: float) -> None:
        if not self._is_spared(process):
            process.pause(seconds)

    def _is_spared(self, process: Process) -> bool:
        return any(each.process is process and each.spared_until > self.world.now for each in self.programs)

    def _ended(self, process: Process) -> None:
        """Start another process in place of one that has ended."""
        self.programs = [each for each in self.programs if each.process is not process]
        self._calls = {key: call for key, call in self._calls.items() if call[1].process is not process}
        self.world.after(self.random.uniform(0.1, 100.0), self._start)

    def _shut_down(self, program: Program | None = None) -> None:
        """End a process as a program does: it cancels its calls, closes its transport, and cancels all tasks."""
        program = program or self._any_program()
        if program is None or program.spared_until > self.world.now:
            return
        process = program.process
        cancels_all = self.random.random() < 0.5  # without closing the transport first

        async def close() -> None:
            if process.adopted:
                await asyncio.wait({*process.adopted}, timeout=CLOSING_SECONDS)
            rest = {task for task in process.loop.tasks if not task.done() and task is not asyncio.current_task()}
            for task in rest:
                task.cancel()
            if rest:
                await asyncio.wait(rest)
            self._check_stored(program)
            process.crash()
            self.server.process_died(process)
            self._ended(process)

        for task in process.loop.tasks:
            if not task.done() and (cancels_all or task not in process.adopted):
                task.cancel()
        self._calls = {key: call for key, call in self._calls.items() if call[1] is not program}
        program.is_closing = True
        process.start(close())

    def _cancel_refresh(self, program: Program | None = None) -> None:
        """Cancel the refresh of a process from outside."""
        program = program or self._any_program()
        if program is not None and program.spared_until <= self.world.now:
            program.was_cancelled = True
            for task in (*program.process.adopted,):
                task.cancel()

    def _any_program(self) -> Program | None:
        return self.random.choice(self.programs) if self.programs else None

    def _log_in(self) -> None:
        """Log the user in, in a process that is not simulated."""
        access, refresh = self.auth.login()
        self._kind.store(
            TokenStorageData(
                SERVER,
                "identity",
                SCOPE,
                access,
                None if self.application else refresh,
                int(self.world.now + LIFETIME + 1_800_000_000),
                "Bearer",
            )
        )

    def _revoke(self) -> None:
        """Revoke all access tokens, or the login; the user logs in again after a time."""
        if self.random.random() < 0.5 or self.application:
            self.auth.revoke_access()
        else:
            self.auth.logins[-1].is_revoked = True
            self.world.after(self.random.choice((0.0, 0.0, 0.5, 5.0, 100.0)), self._log_in)

    def _begin_outage(self) -> None:
        self._outage = self.random.choice(("unsent", "lost", "hangs", "full", "full"))
        self.world.after(self.random.choice((10.0, 100.0, 1000.0)), self._end_outage)

    def _end_outage(self) -> None:
        self._outage = ""

    def _fail_over(self) -> None:
        """Let a replica become the master; for a moment, none is reachable."""
        engine = self._engine
        engine.fail_over(self.random.choice((0.1, 1.0, 20.0)))
        if self.random.random() < 0.3:  # so that tokens are refreshed again soon
            self.world.after(self.random.choice((0.1, 1.0, 20.0)), self.auth.revoke_access)
        if self.random.random() < 0.5 and not self._outage:
            self._outage = "unsent"
            self.world.after(self.random.choice((0.5, 5.0)), self._end_outage)

    def _evict(self) -> None:
        """Remove the lease; sometimes the tokens, so that the user logs in again."""
        engine = self._engine
        tokens = self._kind.evicts_tokens and self.random.random() < 0.3
        engine.evict(tokens=tokens)
        if tokens:
            self.world.after(self.random.choice((0.0, 5.0, 100.0)), self._log_in)

    def _step_engine_clock(self) -> None:
        self._engine.step_clock(self.random.choice((-30.0, -1.0, 1.0, 30.0, 3600.0)))

    @property
    def _engine(self) -> SimulatedEngine:
        assert isinstance(self.server, SimulatedEngine)
        return self.server

    def _note_lost(self, tokens: set[str]) -> None:
        """Note that the engine has lost refresh tokens which it had stored."""
        for program in self.programs:
            if program.received in tokens:
                program.received = None
        for sender in filter(None, map(self._senders.get, tokens)):
            sender.spared_until = self.world.now + MAX_SECONDS_TO_STORE

    def _may_lose(self, token: str, before: str) -> bool:
        """Return whether a refresh token was not sent, or its sender runs, and knows that it replaced the other."""
        sender = self._senders.get(token)
        if sender is None:
            return True
        assert isinstance(sender.storage, Connection)
        is_running = sender.process.is_alive and not sender.is_closing and sender.process.resumes_at <= self.world.now
        return is_running and before in sender.storage.seen

    def _step_clock(self) -> None:
        if self.programs:
            process = self.random.choice(self.programs).process
            process.wall_offset += self.random.choice((-1e6, -3600.0, -10.0, 10.0, 3600.0, 1e6))

    def _storage_fault(self, writes: bool) -> str:
        if self._outage == "full":
            return "unsent" if writes else ""
        if self._outage:
            return self._outage
        if self.random.random() < 0.06 * self._rates["storage"]:
            return self.random.choice(("unsent", "lost", "hangs", "late"))
        return ""

    def _network_fault(self) -> str:
        if self.random.random() < 0.1 * self._rates["network"]:
            return self.random.choice(("unsent", "lost", "hangs", "doubled", "unusable", "503"))
        return ""

    # the processes

    def _start(self) -> None:
        process = Process(self.world, str(next(self._names)))
        connection, storage = self._kind.connect(process)
        client = AuthClient(
            self.auth,
            process,
            sends=lambda token: self._check_sent(program, token),
            refused=lambda token: self._note_refusal(program, token),
            received=lambda document: self._receive(program, document),
        )
        authorizer: Authorizer
        if self.application:
            authorizer = ClientCredentialsAuthorizer(client, SCOPE, storage=storage, resource_server=SERVER)
        else:
            authorizer = RefreshTokenAuthorizer(None, client, storage=storage, resource_server=SERVER)
        program = Program(process, connection, authorizer)

        if self._plant is not None:
            self._plant(authorizer)
        self.programs.append(program)
        for _ in range(self.random.choice((1, 2)) if self._busy else 0):
            process.start(self._work(program))

    def _receive(self, program: Program, document: dict[str, Any]) -> None:
        """Note the token that a process has received; sometimes, everything is cancelled in the same moment."""
        if "refresh_token" in document:
            if program.sent not in {None, document["refresh_token"]}:
                program.replaced.add(str(program.sent))
            program.received, program.received_at = document["refresh_token"], self.world.now
            program.failures, program.was_cancelled = program.storage.failures, False
        if self.random.random() < 0.1 * self._rates["shutdowns"]:
            program.process.loop.call_soon(self._shut_down, program)
        elif self.random.random() < 0.1 * self._rates["cancelled"]:
            program.process.loop.call_soon(self._cancel_refresh, program)

    async def _work(self, program: Program) -> None:
        """Call a service now and then, for ever."""
        process, pick = program.process, self.random
        await process.sleep(pick.uniform(0, 50))
        while True:
            if "cancelled" in self.faults and pick.random() < 0.3:
                call = process.start(self.call_service(program))
                await asyncio.wait({call}, timeout=pick.uniform(0, 1))
                call.cancel()
                await asyncio.wait({call})
            else:
                await self.call_service(program)
            await process.sleep(pick.choice((10.0, 200.0, 600.0)) * (0.5 + pick.random()))

    async def call_service(self, program: Program) -> None:
        """Call a service once, as the call loop does: after a 401 with another token."""
        key = object()
        self._calls[key] = self.world.now, program, program.process.paused_for
        try:
            header = await self._header(program)
            if header is None or self.auth.accepts(header):
                return
            if not self.faults and self.auth.knows(header):
                self.world.violated(f"{program.process} was given {header}, which is not accepted")
            if program.authorizer.handle_missing_authorization(Secret(header)):
                second = await self._header(program)
                if second == header:
                    self.world.violated(f"{program.process} was given the refused token {header} again")
        finally:
            self._check_call(self._calls.pop(key, None))

    async def _header(self, program: Program) -> str | None:
        try:
            return (await program.authorizer.get_authorization_header()).reveal()
        except LoginRequired as error:
            if program.refused_while_replaced and "storage has no" not in str(error):
                self.world.violated(f"{program.process} raised LoginRequired although a new login was stored")
        except TokenRefreshError:
            if not self.faults:
                self.world.violated(f"{program.process} raised an error without faults")
        return None

    # the promises

    def _check_sent(self, program: Program, text: str | None) -> None:
        """Check a token request as it leaves."""
        process = program.process
        self._plan_around_request(process)
        if not self.faults and self.auth.newest_ends_at - 300 > self.world.now + 2:
            self.world.violated(f"{process} requested a token although the stored one is fresh")
        if text is None:
            return
        program.sent = text
        self._senders[text] = program
        if text in program.replaced:
            self.world.violated(f"{process} sent {text}, for which it had received another one")
        grant = self.server.holds(process)
        if grant is None:
            self.world.violated(f"{process} sent {text} without the lease")
        elif self.server.superseded.get(text, self.world.now) < grant.granted_at:
            self.world.violated(f"{process} sent {text}, which had been replaced before it got the lease")

    def _note_refusal(self, program: Program, text: str) -> None:
        """Note whether the refused token had been replaced by one that works."""
        entry = self.server.entry
        stored = "" if entry is None or entry.refresh_token is None else entry.refresh_token.reveal()
        program.refused_while_replaced = stored not in {"", text} and self.auth.works(stored)

    def _check_replaced(self, old: TokenStorageData | None, new: TokenStorageData) -> None:
        """Check that an entry is replaced by a newer one."""
        if old is None or old.refresh_token is None:
            return
        if new.refresh_token is None:
            self.world.violated("a refresh token was overwritten by nothing")
            return
        before, after = (self.auth.tokens[each.refresh_token.reveal()] for each in (old, new) if each.refresh_token)
        if (after.login.number, after.depth) < (before.login.number, before.depth):
            self.world.violated(f"{before.text} was overwritten by the older {after.text}")
        if new.identity_id != "identity":
            self.world.violated("the identity of the login was lost")

    def _check_stored(self, program: Program) -> None:
        """Check that the storage has the token that a process has received last, or a newer one."""
        if program.received is None or program.storage.failures > program.failures:
            return
        received, entry = self.auth.tokens[program.received], self.server.entry
        stored = (
            None if entry is None or entry.refresh_token is None else self.auth.tokens[entry.refresh_token.reveal()]
        )
        if stored is None or (stored.login.number, stored.depth) < (received.login.number, received.depth):
            self.world.violated(f"{program.process} has received {received.text}, which was not stored")

    def _check_received(self) -> None:
        """Check the same after the storage has worked for a time, whatever failed before."""
        for program in self.programs:
            if self.world.now > program.received_at + MAX_SECONDS_TO_STORE:
                if not program.was_cancelled:
                    program.failures = program.storage.failures
                self._check_stored(program)

    def _check_call(self, call: tuple[float, Program, float] | None) -> None:
        if call is None:
            return
        started, program, paused = call
        seconds = self.world.now - started - (program.process.paused_for - paused)
        if seconds > (MAX_SECONDS if self.faults else MAX_SECONDS_WITHOUT_FAULTS):
            self.world.violated(f"a call of {program.process} took {seconds:.0f} seconds")

    def _check_calls(self) -> None:
        for call in self._calls.values():
            self._check_call(call)

    def _check_recovery(self) -> None:
        """Check that the login works, and that every process has a token again."""
        if self.server.entry is None:
            self._log_in()
        entry = self.server.entry
        assert entry is not None
        if entry.refresh_token is not None and not self.auth.works(entry.refresh_token.reveal()):
            self.world.violated("the storage ends with a refresh token that does not work")
        self.auth.revoke_access()
        headers: dict[str, str] = {}

        async def check(program: Program) -> None:
            for _ in range(20):
                header = await self._header(program)
                if header is not None and self.auth.accepts(header):
                    headers[program.process.name] = header
                    return
                if header is not None:
                    program.authorizer.handle_missing_authorization(Secret(header))
                await program.process.sleep(30)

        programs = [*self.programs]
        for program in programs:
            program.process.start(check(program))
        self.world.run(MAX_SECONDS)
        if self.world.broken is None and len(headers) < len(programs):
            self.world.violated(f"{len(programs) - len(headers)} of {len(programs)} processes have no token at the end")
        if self.world.broken is not None:
            raise Violation(self.world.broken)


def run_history(seed: int, kind: str = "protocol", **options: Any) -> History:
    """Run the history of a seed; a broken promise names the seed."""
    history = History(seed, kind, **options)
    try:
        history.run()
    except BaseException as error:
        error.add_note(f"{kind}, seed {seed}, faults: {', '.join(sorted(history.faults)) or 'none'}")
        raise
    return history
