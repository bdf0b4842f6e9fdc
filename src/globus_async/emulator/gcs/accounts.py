"""The local accounts of identities: by allowed domains, identity mappings, and lists of users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..kit.fields import OBJECT, TEXT, list_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..kit.directory import Directory, Identity
    from ..kit.fields import FieldType

__all__ = ("account_of", "is_allowed_domain", "mapping_errors")

T = TypeVar("T")

_EXPRESSION: Final = "expression_identity_mapping#1.0.0"
_EXTERNAL: Final = "external_identity_mapping#1.0.0"
_FIELD: Final = re.compile(r"\{(\w+)\}")
_MAX_PATTERN: Final = 256
_RULES: Final = list_of(OBJECT)
_COMMAND: Final = list_of(TEXT)


def is_allowed_domain(identity: Identity, fields: Mapping[str, Any]) -> bool:
    """Return whether an identity is in one of the allowed domains of a gateway; without any, all are allowed."""
    domains = [each.lower() for each in fields.get("allowed_domains") or ()]
    return not domains or identity.domain.lower() in domains


def account_of(directory: Directory, fields: Mapping[str, Any], identity_id: str) -> str | None:
    """
    Return the local user that a gateway maps an identity to; `None` if it has no account.

    Args:
        directory: The identities.
        fields: The members of the gateway: ``allowed_domains``, ``identity_mappings``, ``users_allow``, ``users_deny``.
        identity_id: The identity.
    """
    identity = directory.identities.get(identity_id)
    if identity is None or not is_allowed_domain(identity, fields):
        return None
    user = _mapped(identity, fields.get("identity_mappings") or ())
    allowed, denied = fields.get("users_allow"), fields.get("users_deny") or ()
    if user is None or user in denied or (allowed and user not in allowed):
        return None
    return user


def _mapped(identity: Identity, mappings: Sequence[Mapping[str, Any]]) -> str | None:
    expressions = [rule for each in mappings if each.get("DATA_TYPE") == _EXPRESSION for rule in each["mappings"]]
    if not expressions:  # the program of an external mapping is not run
        return identity.username.rpartition("@")[0]
    return next((user for rule in expressions if (user := _apply(identity, rule))), None)


def _apply(identity: Identity, rule: Mapping[str, Any]) -> str | None:
    values = {
        "id": identity.id,
        "username": identity.username,
        "name": identity.name or "",
        "email": identity.email or "",
        "organization": identity.organization or "",
        "identity_provider": identity.identity_provider.id,
        "identity_provider_display_name": identity.identity_provider.name,
    }
    source = _FIELD.sub(lambda match: values.get(match[1], ""), rule["source"])
    pattern = re.escape(rule["match"]) if rule.get("literal") else rule["match"]
    match = re.fullmatch(pattern, source, re.IGNORECASE if rule.get("ignore_case") else 0)
    if match is None:
        return None
    groups = {str(number): text or "" for number, text in enumerate(match.groups())}
    return _FIELD.sub(lambda found: groups.get(found[1], values.get(found[1], "")), rule["output"])


def mapping_errors(mappings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with identity mappings."""
    return [error for number, each in enumerate(mappings) for error in _errors(f"identity_mappings.{number}", each)]


def _errors(where: str, mapping: Mapping[str, Any]) -> list[str]:
    match mapping.get("DATA_TYPE"):
        case "expression_identity_mapping#1.0.0":
            rules = _converted(_RULES, mapping.get("mappings"))
            if rules is None:
                return [f"'{where}.mappings': {_RULES.name} is required"]
            return [f"'{where}.mappings.{n}': {error}" for n, rule in enumerate(rules) if (error := _rule_error(rule))]
        case "external_identity_mapping#1.0.0":
            command = _converted(_COMMAND, mapping.get("command"))
            return [] if command else [f"'{where}.command': {_COMMAND.name} is required"]
        case _:
            return [f"'{where}.DATA_TYPE': {_EXPRESSION} or {_EXTERNAL} is required"]


def _converted(kind: FieldType[T], value: object) -> T | None:
    try:
        return kind.convert(value)
    except ValueError:
        return None


def _rule_error(rule: Mapping[str, Any]) -> str | None:
    if not all(isinstance(rule.get(each), str) for each in ("source", "match", "output")):
        return "the texts source, match and output are required"
    if not all(isinstance(rule.get(each, False), bool) for each in ("literal", "ignore_case")):
        return "literal and ignore_case are booleans"
    pattern: str = rule["match"]
    if len(pattern) > _MAX_PATTERN:
        return f"match has more than {_MAX_PATTERN} characters"
    try:
        re.compile(re.escape(pattern) if rule.get("literal") else pattern)
    except re.error as error:
        return f"match is no regular expression: {error}"
    return None
