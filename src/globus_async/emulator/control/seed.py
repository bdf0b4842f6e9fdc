"""
Loading of seed documents: people, clients, groups, and collections with files, roles, permissions and tasks.

Ids that a document does not give are derived from names, so that they are the same in every run.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ..auth.models import GRANT_TYPES
from ..kit.errors import ServiceError
from ..kit.fields import BOOLEAN, LINE, OBJECT, TEXT, TIME, UUID, Fields, FieldType, choice, list_of
from ..kit.ids import named_id
from ..kit.principals import identity_id, principal_id, principal_ids
from ..kit.strict_json import parse_json
from ..transfer.models import ENDPOINT_DEFAULTS, AccessRule, Role
from ..transfer.permissions import ALL_ROLES
from ..transfer.storage import paths
from ..transfer.storage.paths import PathError
from ..transfer.storage.protocol import StorageError
from .errors import ControlError
from .files import load_files
from .tasks import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from ..auth.state import AuthState
    from ..kit.service import Service
    from ..transfer.models import Collection
    from ..transfer.state import TransferState

__all__ = ("SeedLoader", "read_seed_file")

_STATUS: Final = choice("used", "unused", "private", "closed")
_CLIENT_TYPE: Final = choice(*GRANT_TYPES)
_VISIBILITY: Final = choice("public", "private")
_PRINCIPAL_TYPE: Final = choice("identity", "group", "all_authenticated_users", "anonymous")
_METHODS: Final = list_of(choice("GET", "PUT", "DELETE"))
_TEXTS: Final[FieldType[list[str]]] = list_of(TEXT)


def read_seed_file(path: Path) -> object:
    """
    Return the document in a file: TOML by its suffix ``.toml``, else JSON.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is neither.
    """
    data = path.read_bytes()
    return tomllib.loads(data.decode()) if path.suffix == ".toml" else parse_json(data)


class SeedLoader:
    """
    Loads a seed document into services without resources.

    Args:
        auth: The state of Auth.
        transfer: The state of Transfer.
        services: All services; they load further sections.
        directories: The directories of this machine that may be served; all by default.
    """

    def __init__(
        self,
        auth: AuthState,
        transfer: TransferState,
        services: Iterable[Service[Any]] = (),
        *,
        directories: Container[str] | None = None,
    ) -> None:
        self._auth = auth
        self._services = list(services)
        self._transfer = transfer
        self._directory = transfer.directory
        self._directories = directories

    def load(self, document: object) -> None:
        """
        Add all resources of a document; tasks that have not ended are still to be started.

        Raises:
            ControlError: The document is invalid.
        """
        if not isinstance(document, dict):
            raise ControlError(400, "NOT_AN_OBJECT", "A seed document must be an object")
        sections: dict[str, Callable[[Fields], None]] = {
            "identities": self._identity,
            "clients": self._client,
            "collections": self._collection,
            "roles": self._role,
            "permissions": self._permission,
            "tasks": self._task,
        }
        for service in self._services:
            sections |= service.seed_sections()
        fields = Fields(cast("dict[str, Any]", document), ControlError)
        fields.check_known(sections, what="section")
        for name, load in sections.items():
            for each in fields.objects(name) or ():
                try:
                    load(each)
                except ControlError:
                    raise
                except (ServiceError, ValueError, TypeError, PathError, StorageError) as error:
                    raise ControlError(400, "INVALID_SEED", f"Invalid seed, in {name}: {error}") from None

    def _identity(self, fields: Fields) -> None:
        fields.check_known({"username", "id", "name", "email", "organization", "status", "linked_to"})
        identity = self._auth.add_identity(
            fields.required("username", TEXT),
            id=fields.optional("id", UUID),
            status=fields.optional("status", _STATUS, "used"),  # type: ignore[arg-type]  # one of these
        )
        for member in ("name", "email", "organization"):
            if member in fields:
                setattr(identity, member, fields.nullable(member, TEXT))
        if "linked_to" in fields:
            primary = identity_id(self._directory, fields, "linked_to")
            self._auth.link(self._directory.identities[primary], identity)

    def _client(self, fields: Fields) -> None:
        fields.check_known(_CLIENT)
        name = fields.required("name", TEXT)
        redirect_uris = fields.optional("redirect_uris", _TEXTS, list[str]())
        fqdns = fields.optional("fqdns", _TEXTS, list[str]())
        client = self._auth.add_client(
            name,
            id=fields.optional("id", UUID, named_id("client", name)),
            secret=fields.optional("secret", TEXT),
            redirect_uris=redirect_uris,
            client_type=fields.optional("client_type", _CLIENT_TYPE),
            fqdns=fqdns,
            required_idp=fields.optional("required_idp", UUID),
            visibility=fields.optional("visibility", _VISIBILITY, "private"),  # type: ignore[arg-type]  # one of these
        )
        client.parent_id = fields.optional("parent", UUID)

    def _collection(self, fields: Fields) -> None:
        fields.check_known(_COLLECTION)
        name = fields.required("display_name", LINE)
        collection_id = fields.optional("id", UUID, named_id("collection", name))
        if collection_id in self._transfer.collections:
            raise ControlError(400, "INVALID_SEED", f"There are two collections with the id {collection_id}")
        host = self._transfer.collections.get(fields.optional("host", UUID, ""))
        if "host" in fields and host is None:
            raise ControlError.invalid_field("host", "the id of an earlier collection")
        files = fields.optional("files", OBJECT)
        collection = self._transfer.add_collection(
            name,
            owner_id=identity_id(self._directory, fields, "owner"),
            path=self._served(fields.optional("path", TEXT)),
            storage=None if files is None else load_files(files, self._transfer.clock),
            id=collection_id,
            home=fields.optional("home", TEXT, "/"),
            host=host,
            host_path=fields.optional("host_path", TEXT, "/"),
            member_ids=principal_ids(self._directory, fields, "members") if "members" in fields else None,
            needs_data_access=fields.optional("needs_data_access", BOOLEAN, default=False),
        )
        if "https_methods" in fields:
            methods = fields.required("https_methods", _METHODS)
            collection.https_enabled, collection.https_methods = bool(methods), frozenset(methods)
        document = fields.optional("document", OBJECT, dict[str, Any]())
        unknown = sorted(set(document) - ({"name", *ENDPOINT_DEFAULTS} - {"display_name"}))
        if unknown:
            raise ControlError(400, "UNKNOWN_MEMBER", f"An endpoint document has no member '{unknown[0]}'")
        folder = fields.object("document").nullable("default_directory", TEXT)
        if folder is not None:
            paths.parse(folder)
        collection.fields |= document
        for path in fields.optional("denied", _TEXTS, list[str]()):
            collection.deny(path)

    def _served(self, path: str | None) -> str | None:
        if path is None or self._directories is None or str(Path(path).absolute()) in self._directories:
            return path
        message = f"The emulator does not serve the directory '{path}': name it when you start the emulator"
        raise ControlError(403, "DIRECTORY_NOT_SERVED", message)

    def _found(self, fields: Fields) -> Collection:
        found = self._transfer.collections.get(fields.required("collection", UUID))
        if found is None:
            raise ControlError.invalid_field("collection", "the id of a collection")
        return found

    def _principal(self, fields: Fields, principal_type: str) -> str:
        if principal_type in {"identity", "group"}:
            return principal_id(self._directory, fields, "principal")
        return ""

    def _role(self, fields: Fields) -> None:
        fields.check_known({"id", "collection", "role", "principal", "principal_type"})
        collection, name = self._found(fields), fields.required("role", choice(*ALL_ROLES))
        principal_type = fields.optional("principal_type", choice("identity", "group"), "identity")
        principal = self._principal(fields, principal_type)
        role_id = fields.optional("id", UUID, named_id("role", collection.id, principal, name))
        collection.roles[role_id] = Role(role_id, principal, name, principal_type)

    def _permission(self, fields: Fields) -> None:
        fields.check_known(_PERMISSION)
        collection = self._found(fields)
        if not collection.is_guest:
            raise ControlError.invalid_field("collection", "the id of a guest collection")
        principal_type = fields.optional("principal_type", _PRINCIPAL_TYPE, "identity")
        principal = self._principal(fields, principal_type)
        path = paths.joined(paths.parse(fields.required("path", TEXT)), directory=True)
        rule_id = fields.optional("id", UUID, named_id("rule", collection.id, principal_type, principal, path))
        collection.rules[rule_id] = AccessRule(
            rule_id,
            principal_type,
            principal,
            path,
            fields.required("permissions", choice("r", "rw")),
            self._transfer.now(),
            fields.optional("expiration_date", TEXT),
            fields.optional("expiration_date", TIME),
        )

    def _task(self, fields: Fields) -> None:
        task = load_task(self._transfer, fields)
        if task.id in self._transfer.tasks:
            raise ControlError(400, "INVALID_SEED", f"There are two tasks with the id {task.id}")
        self._transfer.tasks[task.id] = task
        self._transfer.submissions[task.owner_id, task.submission_id] = task
        if not task.is_final:
            self._transfer.running[task.id] = task


_CLIENT: Final = frozenset(
    {"name", "id", "secret", "redirect_uris", "client_type", "fqdns", "required_idp", "visibility", "parent"}
)
_COLLECTION: Final = frozenset(
    {
        *("display_name", "id", "owner", "path", "files", "home", "host", "host_path", "members", "needs_data_access"),
        *("document", "denied", "https_methods"),
    }
)
_PERMISSION: Final = frozenset(
    {"id", "collection", "path", "principal", "principal_type", "permissions", "expiration_date"}
)
