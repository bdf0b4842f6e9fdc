"""The request by which a browser follows a redirect to this machine: strictly read, and refused if it is another."""

from __future__ import annotations

import re
from typing import Final

from ..secret import Secret
from .redirect import MalformedRedirect, Redirect, read_redirect

__all__ = ("MAX_HEAD", "RefusedRequest", "read_redirect_request")

MAX_HEAD: Final = 8192
"""Bytes of a request, which has no body."""

_MAX_TARGET: Final = 4096
_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP/(\d)\.(\d)")
_FIELD: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*")


class RefusedRequest(Exception):
    """
    A request that is not the redirect of the login. The login continues to wait.

    Args:
        status: The status of the response.
        reason: The text of the response; it quotes nothing of the request.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def read_redirect_request(head: bytes, *, authority: str, state: str, issuer: str) -> Redirect:
    """
    Read the redirect of a login from a request.

    Args:
        head: The request line and the fields.
        authority: The own address, which must be the ``Host``.
        state: The state of the login.
        issuer: The issuer of the code, if the redirect names one.

    Raises:
        RefusedRequest: It is another request, or a redirect of another login.
    """
    request_line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    target = _target(request_line)
    _check_fields(fields, authority)
    path, _, query = target.partition("?")
    if path != "/":
        raise RefusedRequest(404, "There is nothing at this path.")
    try:
        redirect = read_redirect(Secret(query))
    except MalformedRedirect:
        raise RefusedRequest(400, "This is not the end of a login; this address has no other pages.") from None
    if not redirect.has_state(state) or not redirect.is_from(issuer):
        raise RefusedRequest(400, "This is the end of another login.")
    return redirect


def _target(request_line: str) -> str:
    found = _REQUEST_LINE.fullmatch(request_line)
    if found is None:
        raise RefusedRequest(400, "The request is malformed.")
    method, target, version = found[1], found[2], found[3]
    if version != "1":
        raise RefusedRequest(505, "The version of HTTP is not supported.")
    if method != "GET":
        raise RefusedRequest(405, "The method is not allowed.")
    if len(target) > _MAX_TARGET:
        raise RefusedRequest(414, "The address is too long.")
    if not target.startswith("/"):
        raise RefusedRequest(400, "The address is malformed.")
    return target


def _check_fields(fields: list[str], authority: str) -> None:
    hosts: list[str] = []
    for line in fields:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise RefusedRequest(400, "The request is malformed.")
        name, value = field[1].lower(), field[2]
        if name == "host":
            hosts.append(value)
        elif name == "transfer-encoding" or (name == "content-length" and value != "0"):
            raise RefusedRequest(400, "The request has a body.")
    if len(hosts) != 1:
        raise RefusedRequest(400, "The request has not exactly one Host.")
    if hosts[0] != authority:
        raise RefusedRequest(421, "The request is for another host.")
