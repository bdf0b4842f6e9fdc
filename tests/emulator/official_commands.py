"""
The official command line, imported once: every command runs in a process forked from this one.

Run by an interpreter that has globus-cli, with the descriptor of a socket as its argument. Each message on the socket
is a command and its environment in JSON, with three descriptors for standard input, output and error; the response is
its exit code. Commands run `globus_cli.main` in a process of their own, as ``globus`` does; only the import is shared.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import sys


def import_all() -> None:
    """Import the modules that commands import on their first use."""
    globus_cli = importlib.import_module("globus_cli")
    globus_sdk = importlib.import_module("globus_sdk")
    for module in pkgutil.walk_packages(globus_cli.__path__, "globus_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in globus_sdk.__all__:
        getattr(globus_sdk, name)


def serve(connection: socket.socket) -> None:
    """Run commands until the connection is closed, each in a forked process."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        if not message:
            return
        if not (child := os.fork()):
            connection.close()
            command = json.loads(message)
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.environ.clear()
            os.environ.update(command["environ"])
            sys.argv = ["globus", *command["words"]]
            importlib.import_module("globus_cli").main()
            raise AssertionError("globus_cli.main() must raise SystemExit")
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    import_all()
    serve(socket.socket(fileno=int(sys.argv[1])))
