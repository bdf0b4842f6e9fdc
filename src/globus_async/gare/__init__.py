"""
Globus Auth Requirements Errors: a service says what kind of login it wants.

Services have said it in several shapes over the years; `to_gare` reads all of them, out of an error, one of its
entries, or any dict. What comes out goes into a new login::

    try:
        await tc.operation_ls(collection_id, path="/")
    except GlobusAPIError as error:
        if gare := to_gare(error):
            url = flow.get_authorize_url(**gare.authorization_parameters.for_authorize_url())
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, TypeAlias, cast

from typing_extensions import TypeIs

from .._http.json_reader import decode_json
from ..errors import ErrorSubdocument, GlobusAPIError, GlobusSDKUsageError

__all__ = (
    "GARE",
    "AnyErrorDocument",
    "ConsentRequiredInfo",
    "ErrorInfo",
    "GlobusAuthorizationParameters",
    "has_gares",
    "is_gare",
    "to_gare",
    "to_gares",
)

AnyErrorDocument: TypeAlias = GlobusAPIError | ErrorSubdocument | Mapping[str, Any]

_LISTS: Final = (
    "session_required_identities",
    "session_required_policies",
    "session_required_single_domain",
    "required_scopes",
)
_DECODER: Final = json.JSONDecoder()
_EMBEDDED: Final = "GridFTP-JSON-Result:"
_TRUTHS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class GlobusAuthorizationParameters:
    """
    What a new login has to ask for. False if nothing is asked.

    Args:
        session_message: What the user should be told.
        session_required_identities: Ids or usernames, all of which must log in.
        session_required_policies: Ids of policies that the session must satisfy.
        session_required_single_domain: Domains, an identity of one of which must log in.
        session_required_mfa: Whether the login must use a second factor.
        required_scopes: Scopes that must be consented to, dependencies included.
        prompt: ``"login"`` for a fresh login even if there is a session.
        extra: Members that this version of the library does not know.
    """

    session_message: str | None = None
    session_required_identities: list[str] | None = None
    session_required_policies: list[str] | None = None
    session_required_single_domain: list[str] | None = None
    session_required_mfa: bool | None = None
    required_scopes: list[str] | None = None
    prompt: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GlobusAuthorizationParameters:
        """
        Read an ``authorization_parameters`` document; lists may be comma-joined text, booleans may be words.

        Raises:
            GlobusSDKUsageError: A member is of the wrong kind.
        """
        read: dict[str, Any] = {name: _list(name, data.get(name)) for name in _LISTS}
        read |= {name: _text(name, data.get(name)) for name in ("session_message", "prompt")}
        read["session_required_mfa"] = _truth("session_required_mfa", data.get("session_required_mfa"))
        return cls(**read, extra={name: value for name, value in data.items() if name not in read})

    def to_dict(self) -> dict[str, Any]:
        """Return the document, with the members that are set."""
        known = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "extra"}
        return {name: value for name, value in known.items() if value is not None} | self.extra

    def for_authorize_url(self) -> dict[str, Any]:
        """Return the keyword arguments for `get_authorize_url`; scopes are for the flow to ask for."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: value
            for name, value in known.items()
            if value is not None and name not in {"extra", "required_scopes"}
        }

    def __bool__(self) -> bool:
        return bool(self.to_dict())


@dataclass(frozen=True, slots=True)
class GARE:
    """
    A Globus Auth Requirements Error.

    Args:
        code: ``"ConsentRequired"``, ``"AuthorizationRequired"`` or a service's own.
        authorization_parameters: What a new login has to ask for.
        extra: The other members of the document.
    """

    code: str
    authorization_parameters: GlobusAuthorizationParameters
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GARE:
        """
        Read a document, of any known shape.

        Raises:
            GlobusSDKUsageError: It is of no known shape.
        """
        gare = to_gare(data)
        if gare is None:
            raise GlobusSDKUsageError("the document says nothing of authorization requirements")
        return gare

    def to_dict(self) -> dict[str, Any]:
        """Return the document in its current shape."""
        return {"code": self.code, "authorization_parameters": self.authorization_parameters.to_dict()} | self.extra


@dataclass(frozen=True, slots=True)
class ConsentRequiredInfo:
    """Scopes to which the user has not consented. False if there are none."""

    required_scopes: list[str]

    def __bool__(self) -> bool:
        return bool(self.required_scopes)


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """
    What an error says about the login it wants; each part is false unless the error says something.

    Attributes:
        authorization_parameters: The session that is wanted.
        consent_required: The consents that are wanted.
    """

    authorization_parameters: GlobusAuthorizationParameters
    consent_required: ConsentRequiredInfo

    @classmethod
    def of(cls, error: AnyErrorDocument) -> ErrorInfo:
        """Look through an error."""
        parameters = next(filter(None, map(_parameters, _documents(error))), GlobusAuthorizationParameters())
        gare = to_gare(error)
        scopes = gare.authorization_parameters.required_scopes if gare else None
        return cls(parameters, ConsentRequiredInfo(scopes or []))

    def __bool__(self) -> bool:
        return bool(self.authorization_parameters or self.consent_required)


def to_gare(error: AnyErrorDocument) -> GARE | None:
    """
    Read an authorization requirement out of an error.

    Args:
        error: An error, an entry of its ``errors``, or a document.

    Returns:
        The first that is found: in the document itself, then in its entries. ``None`` if there is none.

    Example:
        >>> gare = to_gare({"code": "ConsentRequired", "required_scopes": ["transfer[*data_access]"]})
        >>> gare.authorization_parameters.required_scopes
        ['transfer[*data_access]']
    """
    return next(filter(None, map(_gare, _documents(error))), None)


def to_gares(errors: Iterable[AnyErrorDocument]) -> list[GARE]:
    """Read all authorization requirements out of errors; an error with several entries may hold several."""
    found: list[GARE] = []
    for error in errors:
        for gare in filter(None, map(_gare, _documents(error))):
            if not any(gare.authorization_parameters == other.authorization_parameters for other in found):
                found.append(gare)
    return found


def is_gare(error: AnyErrorDocument) -> bool:
    """Tell whether an error is about authorization requirements."""
    return to_gare(error) is not None


def has_gares(errors: Iterable[AnyErrorDocument]) -> bool:
    """Tell whether any of the errors is about authorization requirements."""
    return any(map(is_gare, errors))


def _documents(error: AnyErrorDocument) -> Iterator[Mapping[str, Any]]:
    """Give the documents in which a requirement may stand, the error's own first."""
    match error:
        case GlobusAPIError():
            documents = [error.raw_json, *(entry.raw for entry in error.errors)]
        case ErrorSubdocument():
            documents = [error.raw]
        case _:
            documents = [error]
    for document in documents:
        if _is_document(document):
            yield document
            yield from _embedded(document.get("message"), document.get("detail"))


def _embedded(*texts: object) -> Iterator[Mapping[str, Any]]:
    """Give the documents that a storage server's reply carries inside a message."""
    for text in texts:
        if not isinstance(text, str):
            continue
        for part in map(str.lstrip, text.split(_EMBEDDED)[1:]):
            try:
                _, end = _DECODER.raw_decode(part)
                document = decode_json(part[:end].encode())  # what is not quite JSON could not be passed on
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


def _missing_consents(document: Mapping[str, Any]) -> list[str] | None:
    """Find the scopes that the shapes without ``authorization_parameters`` ask for."""
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
    raise GlobusSDKUsageError(f"{name} must be a list of texts")


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise GlobusSDKUsageError(f"{name} must be a text")


def _truth(name: str, value: object) -> bool | None:
    if isinstance(value, str):
        value = _TRUTHS.get(value.lower(), value)
    if value is None or isinstance(value, bool):
        return value
    raise GlobusSDKUsageError(f"{name} must be true or false")
