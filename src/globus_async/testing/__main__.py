"""``python -m globus_async.testing``: an emulator on a port of this machine that serves directories as collections."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from ..emulator import GlobusEmulator, ManualClock, ServiceError  # names the extra that is missing
from ..emulator.control.seed import read_seed_file
from ..emulator.kit.clock import SystemClock
from ..emulator.kit.directory import CLIENT_DOMAIN
from ..emulator.kit.ids import random_text

__all__ = ("main",)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except KeyboardInterrupt:
        return 130
    except ServiceError as error:
        sys.stderr.write(f"the seed is invalid: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host} port {options.port}: {error.strerror}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m globus_async.testing",
        description="Emulate Globus on a port of this machine, until interrupted.",
        epilog="Logins need no password: keep the port on the loopback interface.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name or address that clients reach it by; can be repeated (default: loopback names only)",
    )
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument(
        "--collection",
        action="append",
        default=[],
        type=_named_path,
        metavar="NAME=PATH",
        help="a directory to serve as a collection; can be repeated",
    )
    parser.add_argument(
        "--identity",
        action="append",
        default=[],
        metavar="NAME@DOMAIN",
        help="an identity; the first one owns the collections and logs in by default (default: user@example.org)",
    )
    parser.add_argument(
        "--seed", type=_seed_file, metavar="FILE", help="a JSON or TOML file with people, collections and their files"
    )
    parser.add_argument(
        "--clock",
        choices=("system", "manual"),
        default="system",
        help="manual: the time stands still until a request to /emulator/clock/advance (default: %(default)s);"
        " id_tokens, which programs check by their own clock, have the system's time, unless there is an --id-seed",
    )
    parser.add_argument(
        "--clock-start",
        type=float,
        metavar="SECONDS",
        help="the POSIX seconds at which a manual clock stands (default: those of a day in January 2027)",
    )
    parser.add_argument(
        "--id-seed",
        type=int,
        metavar="N",
        help="make ids, tokens and keys the same in every run: with --clock manual, equal requests get equal responses",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="its address in links, id_tokens and variables, such as http://globus:8080 (default: where it listens)",
    )
    parser.add_argument(
        "--remote-control",
        action="store_true",
        help="accept requests below /emulator, and faults in headers, from other machines, too (default: this one)",
    )
    parser.add_argument(
        "--rate-limit", type=float, metavar="N", help="requests per second of one identity (default: no limit)"
    )
    return parser


def _named_path(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    if not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"{path!r} is not a directory")
    return name, Path(path)


def _seed_file(text: str) -> object:
    try:
        return read_seed_file(Path(text))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither JSON nor TOML: {error}") from None


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows has no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clock = None
    if options.clock == "manual":
        clock = ManualClock() if options.clock_start is None else ManualClock(start=options.clock_start)
    # the clock of a program in another process is not advanced: it would refuse an id_token of the future
    id_token_clock = SystemClock() if options.id_seed is None else None
    async with GlobusEmulator(
        rate_limit=options.rate_limit,
        clock=clock,
        id_seed=options.id_seed,
        remote_control=options.remote_control,
        auth={"id_token_clock": id_token_clock},
    ) as emulator:
        if options.seed is not None:
            await emulator.load_seed(options.seed)
        for username in options.identity or ([] if emulator.auth.login_identity else ["user@example.org"]):
            emulator.add_identity(username)
        for name, path in options.collection:
            emulator.add_collection(name, path=path)
        seeded = [each for each in emulator.auth.registry.clients.values() if each.id not in emulator.auth.built_in]
        native = emulator.add_client("Native app")
        with emulator.platform.ids.use():
            secret = random_text(43)
        service = emulator.add_client("Service", secret=secret)
        emulator.keep_seed()
        async with emulator.serve(
            host=options.host, port=options.port, allowed_hosts=options.allow_host, public_url=options.public_url
        ) as server:
            lines = [f"export {name}={value}" for name, value in server.environ.items()]
            lines += [f"export GLOBUS_ACCESS_TOKEN={emulator.access_token()}  # for {emulator.default_service.title}"]
            directory = emulator.platform.directory
            people = [each for each in directory.identities.values() if each.domain != CLIENT_DOMAIN]
            lines += [f"# identity {each.id}  {each.username}" for each in people]
            lines += [f"# application {each.id}  {each.name}" for each in seeded]
            lines += [f"# collection {each.id}  {each.display_name}" for each in emulator.transfer.collections.values()]
            lines += [
                f"# native app: GLOBUS_CLIENT_ID={native.id}",
                f"# confidential client: GLOBUS_CLIENT_ID={service.id} GLOBUS_CLIENT_SECRET={secret}",
                f"# status page: {server.url}/",
                f"# control: curl -X POST -H 'X-Emulator-Control: 1' {server.url}/emulator/reset",
            ]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
