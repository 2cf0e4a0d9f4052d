"""A store in a bucket of S3, Google Cloud Storage or Azure, or of a service that speaks the protocol of one of them."""

from __future__ import annotations

import contextlib
import errno
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.state.object_log import ObjectLog
from prefect_pulumi.state.store import ChangedObjectError, ListedObject, StoredObject

if TYPE_CHECKING:
    from obstore import UpdateVersion
    from obstore.store import ObjectStore as Client

REMEDY = "check the bucket's name, its policy and your credentials, then run again"
PROBE = ".pulumi/prefect/conditional-writes"
"""An object that is there already once any run of ours has written here: creating it again has to fail."""

DELETES = 16
"""Deletions that are under way at once."""

_NO_BUCKET = re.compile("NoSuchBucket|ContainerNotFound|(bucket|container) does not exist", re.IGNORECASE)
_STATUS = re.compile(r"status code: (\d+ [A-Za-z ]+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_CONFLICT = re.compile("status code: (409 Conflict|412 Precondition)")
_REFUSALS = ("400 ", "405 ", "501 ")
"""Statuses with which services answer that do not know conditional writes."""
ATTEMPTS = 3


class BucketError(StateError, OSError):
    """What a bucket refused or could not do; `message` is the `strerror` of the `OSError`."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__(message, where=where, remedy=REMEDY)
        self.strerror, self.filename = message, where


class Bucket:
    """One bucket or container, and whether it has conditional writes; shared by the stores in it.

    `place`: its URL without parameters. `hasty`: gives a client that repeats no request, since "501 Not Implemented" is
    an answer.
    """

    def __init__(self, client: Client, place: str, hasty: Callable[[], Client]) -> None:
        self.client = client
        self.place = place
        self._hasty = hasty
        self._conditional: bool | None = None
        self._lock = threading.Lock()

    def has_conditional_writes(self, root: str) -> bool:
        """Asked once: an object is created, below `root`, where there is one. Raises `BucketError`."""
        with self._lock:
            if self._conditional is None:
                self._conditional = self._refuses_second(f"{root}{PROBE}")
            return self._conditional

    def _refuses_second(self, key: str) -> bool:
        client = self._hasty()
        for _ in range(ATTEMPTS):
            try:
                with faults(self.where(key)):
                    obstore.put(client, key, uuid.uuid4().hex.encode(), mode="create")
            except FileExistsError:
                return True
            except BucketError as error:
                if error.message.startswith(_REFUSALS):
                    return False
                if client is self.client:
                    raise
                client = self.client  # a fault that may pass
        return False

    def where(self, key: str) -> str:
        return f"{self.place}/{key}".rstrip("/")


class ObjectStore:
    """`Store` of the objects of `bucket` whose keys begin with `prefix`; `url` as the user wrote it."""

    is_bucket = True
    remedy = REMEDY

    def __init__(self, bucket: Bucket, url: str, prefix: str = "", root: str | None = None) -> None:
        self.url = url
        self._bucket = bucket
        self._client = bucket.client
        self._prefix = prefix
        self._root = prefix if root is None else root

    def is_local(self) -> bool:
        return False

    def has_conditional_writes(self) -> bool:
        return self._bucket.has_conditional_writes(self._root)

    def caution(self) -> str:
        if self.has_conditional_writes():
            return ""
        return (
            f"{self._bucket.place} has no conditional writes: runs that start in the same moment are kept apart by "
            "lists alone, as the official CLI does it"
        )

    def where(self, key: str) -> str:
        return self._bucket.where(self._prefix + key)

    def read(self, key: str) -> StoredObject | None:
        try:
            with faults(self.where(key)):
                answer = obstore.get(self._client, self._prefix + key)
                data = bytes(answer.bytes())
        except FileNotFoundError:
            return None
        meta = answer.meta
        return StoredObject(data, _version(meta["e_tag"], meta["version"]), meta["last_modified"].timestamp())

    def write(self, key: str, data: bytes, *, private: bool = False) -> None:
        """Who reads the bucket reads every object: `private` changes nothing."""
        with faults(self.where(key)):
            obstore.put(self._client, self._prefix + key, data)

    def create(self, key: str, data: bytes) -> str:
        return self._put(key, data, "")

    def replace(self, key: str, data: bytes, version: str) -> str:
        try:
            return self._put(key, data, version)
        except FileExistsError as error:
            raise ChangedObjectError(self.where(key)) from error

    def _put(self, key: str, data: bytes, version: str) -> str:
        """Raises `FileExistsError` for another object than that of `version`.

        A request that was repeated because its answer was lost may meet its own object.
        """
        path, where = self._prefix + key, self.where(key)
        if not self.has_conditional_writes():
            return self._put_compared(key, data, version)
        try:
            with faults(where):
                result = obstore.put(self._client, path, data, mode=_condition(version) if version else "create")
        except (FileExistsError, FileNotFoundError):
            present = self.read(key)
            if present is None or present.data != data:
                raise FileExistsError(errno.EEXIST, "another program has written it", where) from None
            return present.version
        return _version(result["e_tag"], result["version"])

    def _put_compared(self, key: str, data: bytes, version: str) -> str:
        """Without conditional writes: two writers at the very same time are not kept apart."""
        present = self.read(key)
        if (present.version if present is not None else "") != version:
            raise FileExistsError(errno.EEXIST, "another program has written it", self.where(key))
        with faults(self.where(key)):
            result = obstore.put(self._client, self._prefix + key, data)
        return _version(result["e_tag"], result["version"])

    def list(self, folder: str) -> list[ListedObject]:
        path = f"{self._prefix}{folder}".strip("/")
        items = []
        try:
            with faults(self.where(folder)):
                for page in obstore.list(self._client, path or None):
                    items += [(meta["path"], meta["last_modified"].timestamp()) for meta in page]
        except FileNotFoundError as error:
            raise BucketError("404 Not Found", self.where(folder)) from error
        return sorted(
            (ListedObject(path.removeprefix(self._prefix), modified) for path, modified in items),
            key=lambda item: item.key,
        )

    def delete(self, keys: Iterable[str]) -> None:
        paths = [self._prefix + key for key in keys]
        if len(paths) > 1:
            with contextlib.suppress(OSError), faults(self.where("")):  # some services have no request for many
                obstore.delete(self._client, paths)
                return
        with ThreadPoolExecutor(DELETES) as pool:
            for _ in pool.map(self._delete, paths):
                pass

    def _delete(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), faults(self._bucket.where(path)):
            obstore.delete(self._client, path)

    def log(self, key: str) -> ObjectLog:
        return ObjectLog(self, key)

    def below(self, folder: str) -> ObjectStore:
        return ObjectStore(self._bucket, self.url, f"{self._prefix}{folder.rstrip('/')}/", self._root)


def _version(tag: str | None, version: str | None) -> str:
    return f"{tag or ''}\n{version or ''}"


def _condition(version: str) -> UpdateVersion:
    tag, _, number = version.partition("\n")
    condition: UpdateVersion = {}
    if tag:
        condition["e_tag"] = tag
    if number:
        condition["version"] = number
    return condition


@contextlib.contextmanager
def faults(where: str) -> Iterator[None]:
    """Errors of the library as `OSError`: `FileExistsError` for a condition that does not hold, `FileNotFoundError`."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError) as error:
        raise FileExistsError(errno.EEXIST, "another program has written it", where) from error
    except FileNotFoundError as error:
        if _NO_BUCKET.search(str(error)):
            raise BucketError(_reason(error), where) from error
        raise
    except BaseError as error:
        if _CONFLICT.search(str(error)):
            raise FileExistsError(errno.EEXIST, "another program has written it", where) from error
        raise BucketError(_reason(error), where) from error


def _reason(error: Exception) -> str:
    """The answer's status and code, else the first line: never a URL's parameters, which may hold a signature."""
    text = str(error)
    if _NO_BUCKET.search(text):
        return "there is no such bucket"
    status, code = _STATUS.search(text), _CODE.search(text)
    if status is not None:
        return f"{status[1].strip()} ({code[1]})" if code is not None else status[1].strip()
    line = text.strip().partition("\n")[0]
    return re.sub(r"\?[^\s)]*", "", line)[:300]
