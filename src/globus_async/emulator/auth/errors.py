"""What the service refuses, in the two error formats of Globus Auth."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

__all__ = ("ApiError", "AuthFailure", "AuthorizationError", "LoginPageError", "OAuthError")


class AuthFailure(Exception):
    """A resource server's caller is not who it says: the header is missing, or its token is not active."""

    def __init__(self, kind: Literal["missing", "invalid"]) -> None:
        super().__init__("no credentials in the request" if kind == "missing" else "the token is not active")
        self.kind: Literal["missing", "invalid"] = kind


class OAuthError(Exception):
    """A refusal in the form of RFC 6749: the token endpoint and introspection."""

    def __init__(self, error: str, status: int = 400, *, why: str, description: str | None = None) -> None:
        super().__init__(why)
        self.error = error
        self.status = status
        self.description = description
        """Sent to the client, where the real service sends one; ``why`` only goes to the log."""

    def document(self) -> dict[str, object]:
        """Return the body of the answer."""
        document: dict[str, object] = {"error": self.error}
        if self.description is not None:
            document["error_description"] = self.description
        return document


class ApiError(Exception):
    """A refusal in the form of ``/v2/api``: a list of errors, and two OAuth members that repeat the first."""

    def __init__(self, status: int, code: str, title: str, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.members = members

    def document(self) -> dict[str, object]:
        """Return the body of the answer."""
        entry = {"status": str(self.status), "id": str(uuid4()), "code": self.code, "title": self.title}
        return {
            "errors": [{**entry, "detail": self.detail, **self.members}],
            "error": self.code.lower(),
            "error_description": self.title,
        }

    @classmethod
    def unauthorized(cls) -> ApiError:
        """Nobody is authenticated: no token, or one that is expired, revoked or unknown."""
        return cls(401, "UNAUTHORIZED", "Unauthorized", "Call must be authenticated")

    @classmethod
    def forbidden(cls, detail: str) -> ApiError:
        """The caller is known, and may not."""
        return cls(403, "FORBIDDEN", "Forbidden", detail)

    @classmethod
    def not_found(cls, what: str) -> ApiError:
        """There is no such resource."""
        return cls(404, "NOT_FOUND", "Not Found", f"No such {what}")

    @classmethod
    def parameters(cls, detail: str) -> ApiError:
        """The query makes no sense."""
        return cls(400, "INVALID_PARAMETERS", "Invalid parameters", detail)

    @classmethod
    def unprocessable(cls, detail: str) -> ApiError:
        """The posted document is understood and wrong."""
        return cls(422, "UNPROCESSABLE_ENTITY", "Unprocessable Entity", detail)


class AuthorizationError(Exception):
    """An authorize request that ends with a redirect to the client and an error in it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class LoginPageError(Exception):
    """An authorize request that must not redirect: the client or its redirect URI is unknown."""
