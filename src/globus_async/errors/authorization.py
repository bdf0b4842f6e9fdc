"""Documents by which a service says what login it requires (Globus Auth Requirements Errors), in all known forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from .._http.json_reader import decode_json
from .base import GlobusSDKUsageError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ("GARE", "ConsentRequiredInfo", "ErrorInfo", "GlobusAuthorizationParameters", "find_gares")

_DECODER: Final = json.JSONDecoder()
_EMBEDDED: Final = "GridFTP-JSON-Result:"
_LOGIN_REFUSED: Final = "530-"
"""The reply code of a refused login, in a reply of several lines."""
_LOGIN_SUMMARY: Final = re.compile(r"[^\n]*Error \(login\)\r?\n")
"""The first line of a message of Transfer about a refused login."""
_DETAILS: Final = "\nDetails: "
"""What precedes the reply in a message of Transfer."""
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class GlobusAuthorizationParameters:
    """
    The requirements of a new login. False if there are none.

    Args:
        session_message: The message to show to the user.
        session_required_identities: Ids or usernames, all of which must log in.
        session_required_policies: Ids of policies that the session must satisfy.
        session_required_single_domain: Domains; an identity of one of them must log in.
        session_required_mfa: Whether the login must use multi-factor authentication.
        required_scopes: Scopes that must be consented to, dependencies included.
        prompt: ``"login"`` for a new login even if there is a session.
        extra: Further members of the document.
    """

    session_message: str | None = None
    session_required_identities: list[str] | None = None
    session_required_policies: list[str] | None = None
    session_required_single_domain: list[str] | None = None
    session_required_mfa: bool | None = None
    required_scopes: list[str] | None = None
    prompt: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name, read in _READERS.items():
            read(name, getattr(self, name))
        object.__setattr__(self, "extra", self.extra or {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GlobusAuthorizationParameters:
        """
        Read an ``authorization_parameters`` document; lists may be comma-separated text, booleans may be text.

        Raises:
            GlobusSDKUsageError: A member has the wrong type.
        """
        known = {name: read(name, data.get(name)) for name, read in _READERS.items()}
        return cls(**known, extra={name: value for name, value in data.items() if name not in known})

    @classmethod
    def from_well_formed(cls, data: Mapping[str, Any]) -> GlobusAuthorizationParameters:
        """Read the members of an ``authorization_parameters`` document that have the right type."""
        known: dict[str, Any] = {}
        for name, read in _READERS.items():
            with suppress(GlobusSDKUsageError):
                known[name] = read(name, data.get(name))
        return cls(**known, extra={name: value for name, value in data.items() if name not in _READERS})

    def to_dict(self, include_extra: bool = False) -> dict[str, Any]:
        """
        Return the document, without the members that are ``None``.

        Args:
            include_extra: Whether to return the members of ``extra``, too.
        """
        known = {name: value for name in _READERS if (value := getattr(self, name)) is not None}
        return known | self.extra if include_extra else known

    def for_authorize_url(self) -> dict[str, Any]:
        """Return the keyword arguments for `get_authorize_url`; scopes are passed when the flow is started."""
        return {name: value for name, value in self.to_dict().items() if name != "required_scopes"}

    def __bool__(self) -> bool:
        return bool(self.to_dict(include_extra=True))


@dataclass(frozen=True, slots=True)
class GARE:
    """
    A Globus Auth Requirements Error.

    Args:
        code: ``"ConsentRequired"``, ``"AuthorizationRequired"`` or a service's own.
        authorization_parameters: The requirements of a new login.
        extra: Further members of the document.
    """

    code: str
    authorization_parameters: GlobusAuthorizationParameters
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if not isinstance(self.code, str):
            raise GlobusSDKUsageError("code must be a string")
        parameters: object = self.authorization_parameters
        if _is_document(parameters):
            object.__setattr__(self, "authorization_parameters", GlobusAuthorizationParameters.from_dict(parameters))
        elif not isinstance(parameters, GlobusAuthorizationParameters):
            raise GlobusSDKUsageError("authorization_parameters must be an object")
        object.__setattr__(self, "extra", self.extra or {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GARE:
        """
        Read a document in its current form, with ``code`` and ``authorization_parameters``.

        `to_gare` finds the requirements in the older forms, too.

        Raises:
            GlobusSDKUsageError: A member is missing or has the wrong type.
        """
        extra = {name: value for name, value in data.items() if name not in {"code", "authorization_parameters"}}
        members: dict[str, Any] = {name: data.get(name) for name in ("code", "authorization_parameters")}
        return cls(**members, extra=extra)

    def to_dict(self, include_extra: bool = False) -> dict[str, Any]:
        """
        Return the document in its current form.

        Args:
            include_extra: Whether to return the members of ``extra``, too, and those of the parameters.
        """
        parameters = self.authorization_parameters.to_dict(include_extra)
        known: dict[str, Any] = {"code": self.code, "authorization_parameters": parameters}
        return known | self.extra if include_extra else known


@dataclass(frozen=True, slots=True)
class ConsentRequiredInfo:
    """
    Scopes to which the user has not consented. False if there are none.

    Attributes:
        required_scopes: The scopes, dependencies included.
    """

    required_scopes: list[str]

    def __bool__(self) -> bool:
        return bool(self.required_scopes)


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """
    The login that an error requires; each part is false unless the error has it.

    Attributes:
        authorization_parameters: The requirements of the login.
        consent_required: The consents that are missing.
    """

    authorization_parameters: GlobusAuthorizationParameters
    consent_required: ConsentRequiredInfo

    @classmethod
    def from_documents(cls, documents: Iterable[object]) -> ErrorInfo:
        """Read the first requirements in error documents."""
        found = [*_with_embedded(documents)]
        parameters = next(filter(None, map(_well_formed_parameters, found)), GlobusAuthorizationParameters())
        gare = next(filter(None, map(_gare, found)), None)
        scopes = gare.authorization_parameters.required_scopes if gare else None
        return cls(parameters, ConsentRequiredInfo(scopes or []))

    def __bool__(self) -> bool:
        return bool(self.authorization_parameters or self.consent_required)


def find_gares(documents: Iterable[object]) -> Iterator[GARE]:
    """Yield the authorization requirements in error documents, those embedded in messages included."""
    return filter(None, map(_gare, _with_embedded(documents)))


def _with_embedded(documents: Iterable[object]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        if _is_document(document):
            yield document
            yield from _embedded(_login_reply(document))


def _login_reply(document: Mapping[str, Any]) -> str:
    """
    Return the reply of a storage server that refused a login; empty if the document has none.

    Other replies, and the rest of the message, quote names of files and collections, which their owners choose.
    """
    code, text = document.get("code"), document.get("message")
    if not isinstance(text, str):
        return ""
    if text.startswith(_LOGIN_REFUSED):
        return text
    is_login = _LOGIN_SUMMARY.match(text) is not None or (isinstance(code, str) and code.endswith("LoginFailed"))
    _, details, reply = text.rpartition(_DETAILS)
    return reply if is_login and details else ""


def _embedded(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON documents in the reply of a storage server."""
    for part in map(str.lstrip, text.split(_EMBEDDED)[1:]):
        try:
            _, end = _DECODER.raw_decode(part)
            document = decode_json(part[:end].encode())  # stricter than the standard library
        except (ValueError, RecursionError):
            continue
        if _is_document(document):
            yield document


def _gare(document: Mapping[str, Any]) -> GARE | None:
    code = document.get("code")
    parameters, scopes = _parameters(document), _missing_consents(document)
    if parameters is None:
        if scopes is None:
            return None
        message = document.get("description" if "required_scope" in document else "message")
        parameters = GlobusAuthorizationParameters(session_message=message if isinstance(message, str) else None)
    if parameters.required_scopes is None:
        parameters = replace(parameters, required_scopes=scopes)
    if scopes is not None:
        code = "ConsentRequired"
    elif not isinstance(code, str) or not code:
        code = "AuthorizationRequired"
    extra = {name: value for name, value in document.items() if name not in {"code", "authorization_parameters"}}
    return GARE(code, parameters, extra)


def _parameters(document: Mapping[str, Any]) -> GlobusAuthorizationParameters | None:
    parameters = document.get("authorization_parameters")
    if not _is_document(parameters):
        return None
    try:
        return GlobusAuthorizationParameters.from_dict(parameters)
    except GlobusSDKUsageError:
        return None


def _well_formed_parameters(document: Mapping[str, Any]) -> GlobusAuthorizationParameters | None:
    parameters = document.get("authorization_parameters")
    return GlobusAuthorizationParameters.from_well_formed(parameters) if _is_document(parameters) else None


def _missing_consents(document: Mapping[str, Any]) -> list[str] | None:
    """Find the missing consents in the older forms, which have no ``authorization_parameters``."""
    scopes: object
    match document:
        case {"code": "ConsentRequired", "required_scopes": scopes}:
            pass
        case {"code": "ConsentRequired", "required_scope": scope}:
            scopes = [scope]
        case {"error": "dependent_consent_required", "errors": [{**first}, *_]}:
            scopes = first.get("unapproved_scopes", [])
        case {"code": "DEPENDENT_CONSENT_REQUIRED", "unapproved_scopes": scopes}:
            pass
        case _:
            return None
    return scopes if _are_texts(scopes) else None


def _is_document(value: object) -> TypeIs[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _are_texts(value: object) -> TypeIs[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value))


def _list(name: str, value: object) -> list[str] | None:
    if isinstance(value, str):
        return [value] if name == "required_scopes" else [part.strip() for part in value.split(",")]
    if value is None or _are_texts(value):
        return value
    raise GlobusSDKUsageError(f"{name} must be a list of strings")


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise GlobusSDKUsageError(f"{name} must be a string")


def _boolean(name: str, value: object) -> bool | None:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.lower(), value)
    if value is None or isinstance(value, bool):
        return value
    raise GlobusSDKUsageError(f"{name} must be true or false")


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "session_message": _text,
    "session_required_identities": _list,
    "session_required_policies": _list,
    "session_required_single_domain": _list,
    "session_required_mfa": _boolean,
    "required_scopes": _list,
    "prompt": _text,
}
"""The members of an ``authorization_parameters`` document, with the functions that check and convert their values."""
