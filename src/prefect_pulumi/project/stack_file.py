"""Project and stack files: `Pulumi.yaml` and `Pulumi.<stack>.yaml`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.state.secrets import PROVIDER, PassphraseManager, other_provider

SALT = "encryptionsalt"


def _read(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=str(path)) from error
    return yaml_source.parse(data, path.name).mapping()


@dataclass(frozen=True)
class PluginEntry:
    """An entry of `plugins.providers`: the folder of a plugin's executable, relative to the file."""

    name: str
    path: str
    version: str = ""


@dataclass(frozen=True)
class ProjectFile:
    """`name` of the project, `main`: the program's folder relative to the file ("" for the file's own).

    `promotion` is the file's own key of that name, unchanged; the official CLI ignores it. `backend_url`:
    `backend.url`.
    """

    name: str
    main: str = ""
    plugins: tuple[PluginEntry, ...] = ()
    runtime_options: Mapping[str, str] = field(default_factory=dict)
    promotion: Any = None
    backend_url: str = ""

    @staticmethod
    def load(path: Path) -> ProjectFile:
        raw = _read(path)
        name = raw.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigError(
                "the project's name must be a text", where=f"{path.name}: name", remedy="name the project"
            )
        runtime = raw.get("runtime")
        language = runtime.get("name") if isinstance(runtime, dict) else runtime
        if language != "python":
            raise ConfigError(
                f"the embedded engine runs Python programs, not {language!r}",
                where=f"{path.name}: runtime",
                remedy="use the official CLI for this project",
            )
        options = (runtime.get("options") if isinstance(runtime, dict) else None) or {}
        if not isinstance(options, dict):
            raise ConfigError("runtime options must be a mapping", where=f"{path.name}: runtime.options")
        main = raw.get("main") or ""
        if not isinstance(main, str):
            raise ConfigError("the program's folder must be a text", where=f"{path.name}: main")
        backend = raw.get("backend")
        if backend is not None and not isinstance(backend, dict):
            raise ConfigError("the backend must be a mapping with a url", where=f"{path.name}: backend")
        url = str(backend.get("url") or "") if isinstance(backend, dict) else ""
        plugins = _plugins(raw, path.name)
        return ProjectFile(name, main, plugins, options, raw.get("promotion"), url)


def _plugins(raw: dict[str, Any], file: str) -> tuple[PluginEntry, ...]:
    plugins = raw.get("plugins") or {}
    entries = plugins.get("providers") or [] if isinstance(plugins, dict) else None
    if not isinstance(entries, list):
        raise ConfigError("it must be a list of {name, path}", where=f"{file}: plugins.providers")
    plugins = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or not entry.get("name") or not entry.get("path"):
            raise ConfigError("it needs a name and a path", where=f"{file}: plugins.providers[{index}]")
        plugins.append(PluginEntry(str(entry["name"]), str(entry["path"]), str(entry.get("version") or "")))
    return tuple(plugins)


def _salt(raw: dict[str, Any], file: str) -> str:
    salt = raw.get(SALT) or ""
    if not isinstance(salt, str) or (salt and not salt.startswith("v1:")):
        raise ConfigError(
            "the salt is not one that this version knows",
            where=f"{file}: {SALT}",
            remedy="restore the line from git; without it the secrets of this file cannot be decrypted",
        )
    return salt


def _refuse_other_secrets_providers(raw: dict[str, Any], file: str) -> None:
    provider = raw.get("secretsprovider") or PROVIDER
    if provider != PROVIDER or raw.get("encryptedkey"):
        name = "an encrypted key" if provider == PROVIDER else provider
        raise other_provider(name, f"{file}: secretsprovider")


class StackConfig:
    """Config of one stack. Keys are `namespace:name`; a bare name gets the project's namespace."""

    def __init__(self, path: Path, project: str, raw: dict[str, Any]) -> None:
        self.path = path
        self._project = project
        self.salt = _salt(raw, path.name)
        _refuse_other_secrets_providers(raw, path.name)
        config = raw.get("config") or {}
        if not isinstance(config, dict):
            raise ConfigError("it must be a mapping of keys to values", where=f"{path.name}: config")
        self._values = {self._full(str(key)): value for key, value in config.items()}
        self._edits: list[tuple[list[str], Any]] = []

    @staticmethod
    def load(path: Path, project: str) -> StackConfig:
        return StackConfig(path, project, _read(path))

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self._project}:{key}"

    def get(self, key: str) -> Any:
        """The raw value (secrets as `{"secure": ciphertext}`), None when unset."""
        return self._values.get(self._full(key))

    @property
    def raw_values(self) -> Mapping[str, Any]:
        """All values by full key, secrets as `{"secure": ciphertext}`."""
        return self._values

    @property
    def has_secrets(self) -> bool:
        return any(has_secure(value) for value in self._values.values())

    def secret_texts(self, manager: PassphraseManager) -> list[str]:
        """Every encrypted value in clear, at whatever depth it stands."""
        return [manager.decrypt(str(secured)) for value in self._values.values() for secured in _secured(value)]

    def values(self, manager: PassphraseManager | None) -> tuple[dict[str, str], set[str]]:
        """What the program is handed: texts by full key (structures as JSON), and which of them are secret."""
        texts: dict[str, str] = {}
        secret: set[str] = set()
        for key, raw in self._values.items():
            if has_secure(raw):
                if manager is None:
                    raise ConfigError("it is encrypted", where=f"{self.path.name}: config.{key}")
                secret.add(key)
                raw = with_secrets(raw, manager.decrypt)
            texts[key] = value_text(raw)
        return texts, secret

    def set(
        self,
        key: str,
        value: str,
        *,
        secret: bool = False,
        manager: PassphraseManager | None = None,
        path: bool = False,
    ) -> None:
        """Sets a value, in the file once `save` is called. With `path` the key reaches into a structure: `a:b.c`."""
        stored: Any = value
        if secret:
            if manager is None:
                raise ConfigError("a secret needs the stack's passphrase", where=key)
            stored = {"secure": manager.encrypt(value)}
        elif path:
            stored = yaml_source.parse(value, key).data
        self.put(self.key_path(key, path=path), stored)

    def key_path(self, key: str, *, path: bool) -> list[str]:
        """The keys that lead to a value. With `path` the key reaches into a structure: `a:b.c` -> `a:b`, `c`.

        Raises `ConfigError` for the path of a list's item.
        """
        namespace, _, name = self._full(key).partition(":")
        if path and "[" in name:
            raise ConfigError(
                f"--path reaches no item of a list, as {key!r} would", where=self.path.name, remedy="edit the file"
            )
        parts = name.split(".") if path else [name]
        return [f"{namespace}:{parts[0]}", *parts[1:]]

    def at(self, keys: list[str]) -> Any:
        """The raw value at a path of keys, None where there is none."""
        tree: Any = self._values
        for key in keys:
            tree = tree.get(key) if isinstance(tree, dict) else None
        return tree

    def remove(self, keys: list[str]) -> None:
        """Takes a value away, from the file once `save` is called. Raises `ConfigError` where there is none."""
        holder = self.at(keys[:-1])
        if not isinstance(holder, dict) or keys[-1] not in holder:
            raise ConfigError("the key is not set", where=f"{self.path.name}: config.{'.'.join(keys)}")
        del holder[keys[-1]]
        self._edits.append((["config", *keys], _REMOVED))

    def secret_names(self) -> frozenset[str]:
        """Bare names of the project's own secrets in the file."""
        prefix = f"{self._project}:"
        secure = {key for key, value in self._values.items() if isinstance(value, dict) and set(value) == {"secure"}}
        return frozenset(key.removeprefix(prefix) for key in secure if key.startswith(prefix))

    def overlay(self, keys: list[str], value: Any) -> None:
        """As `set`, for the time of this object alone: `save` does not write it. None takes the key away."""
        full = [self._full(keys[0]), *keys[1:]]
        if value is not None:
            _put(self._values, full, value, self.path.name)
            return
        tree: Any = self._values
        for key in full[:-1]:
            tree = tree.get(key) if isinstance(tree, dict) else None
        if isinstance(tree, dict):
            tree.pop(full[-1], None)

    def put(self, keys: list[str], value: Any) -> None:
        """Sets a raw value at a path of keys, in the file once `save` is called: a new one comes first, so that
        nothing else in the file moves."""
        full = [self._full(keys[0]), *keys[1:]]
        _put(self._values, full, value, self.path.name)
        self._edits.append((["config", *full], value))

    def set_salt(self, text: str) -> None:
        self.salt = text
        self._edits.append(([SALT], text))

    def save(self) -> None:
        """Writes the edits; comments and layout of the rest stay."""
        from ruamel.yaml import YAML

        document_format = YAML()
        document_format.preserve_quotes = True
        document_format.width = 4096
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        if _INDENTED_LIST.search(text):
            document_format.indent(mapping=2, sequence=4, offset=2)
        document = document_format.load(text)
        if document is None:
            document = {}
        for keys, value in self._edits:
            if keys[0] == "config" and keys[1] not in (document.get("config") or {}):
                bare = keys[1].removeprefix(self._project + ":")
                if bare in (document.get("config") or {}):
                    keys = ["config", bare, *keys[2:]]
            if value is _REMOVED:
                holder = document
                for key in keys[:-1]:
                    holder = holder[key]
                del holder[keys[-1]]
            else:
                _put(document, keys, value, self.path.name)
        path = self.path.resolve()  # the folder of a release has a link to it
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with temporary.open("w", encoding="utf-8") as file:
            document_format.dump(document, file)
        temporary.replace(path)
        self._edits.clear()


_REMOVED = object()
"""In the edits: the key is taken away."""
_INDENTED_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ ]*\n\1 +- ", re.MULTILINE)
"""A list that stands deeper than its key: both ways are common, and the file keeps its own."""


def _put(tree: Any, keys: list[str], value: Any, where: str) -> None:
    for key in keys[:-1]:
        if tree.get(key) is None:
            tree[key] = {}
        tree = tree[key]
        if not isinstance(tree, dict):
            raise ConfigError("a value stands where the path needs a mapping", where=f"{where}: {'.'.join(keys)}")
    inside = len(keys) > 1  # after the last key of a mapping stand comments that are about what follows it
    if (inside or isinstance(value, dict)) and keys[-1] not in tree and hasattr(tree, "insert"):
        tree.insert(0, keys[-1], value)
    else:
        tree[keys[-1]] = value


def has_secure(value: Any) -> bool:
    """Whether a raw value is a secret, or holds one at any depth."""
    return any(True for _ in _secured(value))


def _secured(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            yield value["secure"]
        else:
            for item in value.values():
                yield from _secured(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secured(item)


def with_secrets(value: Any, change: Callable[[str], Any]) -> Any:
    """The raw value with `change` of each ciphertext in the place of its `{"secure": ciphertext}`."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return change(str(value["secure"]))
        return {key: with_secrets(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [with_secrets(item, change) for item in value]
    return value


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def value_text(value: Any) -> str:
    """Scalars as the CLI hands them to a program, structures as one JSON text with its keys sorted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(_sorted(value), ensure_ascii=False, default=str)
    return str(value)
