"""How a Prefect API is reached: address, credentials, headers, TLS, tokens, time limits, each with its origin."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from prefect_pulumi.api.loopback import is_loopback
from prefect_pulumi.api.prefect_settings import ENVIRONMENT as FROM_ENVIRONMENT
from prefect_pulumi.api.prefect_settings import Setting, read_settings
from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.models.provider_config import CLOUD_API, api_address, is_address, is_cloud
from prefect_pulumi.models.provider_config import ENVIRONMENT as CONFIG

FROM_STACK = "the stack"
VARIABLES = {
    "api_url": "PREFECT_API_URL",
    "api_key": "PREFECT_API_KEY",
    "auth_string": "PREFECT_API_AUTH_STRING",
    "custom_headers": "PREFECT_CLIENT_CUSTOM_HEADERS",
    "skip_verify": "PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
    "cert_file": "PREFECT_API_SSL_CERT_FILE",
    "csrf": "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",
    "request_timeout": "PREFECT_API_REQUEST_TIMEOUT",
    "max_retries": "PREFECT_CLIENT_MAX_RETRIES",
    "retry_codes": "PREFECT_CLIENT_RETRY_EXTRA_CODES",
    "cloud_root": "PREFECT_CLOUD_API_URL",
}
"""Field -> the name of the setting."""
CLOUD_ROOT = VARIABLES["cloud_root"]
_FIELDS = {variable: name for name, variable in VARIABLES.items()}
_KEYS = {_FIELDS[variable]: key for key, variable in CONFIG.items()} | {"stated_cloud": "cloud"}
"""Field -> the key of the stack's config."""
_NO_HEADERS = "it is no JSON object of texts"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_OF_AN_ADDRESS = ("api_key", "auth_string", "custom_headers", "skip_verify")
"""What a profile or file sets for its own address, and for no other one."""


def _headers(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _codes(value: Any) -> Any:
    if isinstance(value, str):
        return [code for code in re.split(r"[\s,]+", value) if code]
    return [value] if isinstance(value, int) else value


Code = Annotated[int, Field(ge=100, le=599)]


class ConnectionSettings(BaseModel):
    """`api_url` "": none is known. `request_timeout` in seconds; None there and for `max_retries`: the toolkit's own.
    `stated_cloud`: whether it is Prefect Cloud, as the stack says it. `no_proxy`: hosts that a process asks without a
    proxy, where there is one and the API is on this machine.

    `origins`: field -> where its value is from. `passed_over`: fields that Prefect's settings have for another address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = ""
    api_key: str = Field("", repr=False)
    auth_string: str = Field("", repr=False)
    custom_headers: Annotated[dict[str, str], BeforeValidator(_headers)] = Field(default_factory=dict, repr=False)
    skip_verify: bool = False
    cert_file: str = ""
    csrf: bool = True
    request_timeout: float | None = Field(None, gt=0)
    max_retries: int | None = Field(None, ge=0)
    retry_codes: Annotated[frozenset[Code], BeforeValidator(_codes)] = frozenset()
    cloud_root: str = CLOUD_API
    stated_cloud: bool | None = None
    no_proxy: str = ""
    origins: dict[str, str] = Field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    @property
    def loopback(self) -> bool:
        """Whether the API is on this machine: no proxy is asked for it."""
        return is_loopback(self.api_url)

    @property
    def cloud(self) -> bool:
        """Whether it is Prefect Cloud, on its own host or a customer's: as the stack says, else as the address does."""
        if self.stated_cloud is not None:
            return self.stated_cloud
        root = self.cloud_root.rstrip("/")
        return is_cloud(self.api_url) or (bool(root) and f"{self.api_url}/".startswith(f"{root}/"))

    @property
    def secrets(self) -> list[str]:
        """Texts that no log and no report shows."""
        password = self.auth_string.partition(":")[2]
        texts = (self.api_key, self.auth_string, password, *self.custom_headers.values())
        return [text for text in dict.fromkeys(texts) if text]

    def need_address(self) -> None:
        """Raises `ConfigError` where the address is none."""
        if not is_address(self.api_url):
            raise ConfigError(
                f"{self.api_url[:200]!r} is not the address of an API, such as http://127.0.0.1:4200/api",
                where=self.origin("api_url") or "PREFECT_API_URL or prefect:apiUrl",
                remedy="correct the address",
            )

    def origin(self, field: str) -> str:
        """`PREFECT_API_URL of profile 'team'`, or "" where nothing sets it."""
        origin = self.origins.get(field, "")
        return f"{VARIABLES[field]} of {origin}" if origin not in ("", FROM_STACK) else origin

    def verification(self) -> ssl.SSLContext | bool:
        """What `httpx` takes as `verify`. Raises `ConfigError` for a file of certificates that cannot be read."""
        # Certificates are read only where they are needed: it takes a twentieth of a second.
        if self.skip_verify or not self.api_url.startswith("https://"):
            return False
        if not self.cert_file:
            return True
        try:
            return ssl.create_default_context(cafile=self.cert_file)
        except OSError as error:
            reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
            raise ConfigError(
                f"the authorities' certificates cannot be read: {reason}",
                where=self.cert_file,
                remedy=f"correct {self.origin('cert_file')}: the path of a PEM file",
            ) from error

    def environment(self) -> dict[str, str]:
        """Prefect's variables for a process that speaks to the same API, the address left out.

        What is not set is empty, so that no file in that process's folder sets it. Only headers are added to those
        that such files have, as Prefect does it.
        """
        variables = {
            "PREFECT_API_KEY": self.api_key,
            "PREFECT_API_AUTH_STRING": self.auth_string,
            "PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps(self.custom_headers),
            "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": str(self.skip_verify).lower(),
            "PREFECT_API_SSL_CERT_FILE": self.cert_file,
            "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": str(self.csrf).lower(),
            "PREFECT_CLIENT_RETRY_EXTRA_CODES": ",".join(str(code) for code in sorted(self.retry_codes)),
        }
        if self.request_timeout is not None:
            variables["PREFECT_API_REQUEST_TIMEOUT"] = str(self.request_timeout)
        if self.max_retries is not None:
            variables["PREFECT_CLIENT_MAX_RETRIES"] = str(self.max_retries)
        if self.cloud:  # Prefect's own client knows Cloud by this address
            variables[CLOUD_ROOT] = self.api_url.partition("/accounts/")[0]
        if self.no_proxy:
            variables |= {"NO_PROXY": self.no_proxy, "no_proxy": self.no_proxy}
        return variables

    def portable_environment(self) -> dict[str, str]:
        """Those that are set and mean the same on another machine: all but the path of certificates."""
        fields = self.origins.keys() & VARIABLES.keys() - {"api_url", "cert_file"}
        names = {CLOUD_ROOT, *(VARIABLES[field] for field in fields)}
        return {name: value for name, value in self.environment().items() if name in names}

    def secret_environment(self) -> dict[str, str]:
        """Those of `environment` that hold a secret."""
        secret = {"PREFECT_API_KEY": self.api_key, "PREFECT_API_AUTH_STRING": self.auth_string}
        if self.custom_headers:
            secret["PREFECT_CLIENT_CUSTOM_HEADERS"] = json.dumps(self.custom_headers)
        return {name: value for name, value in secret.items() if value}


def connection_settings(config: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> ConnectionSettings:
    """`config`: the stack's own, by the provider's names (`models.provider_config.ENVIRONMENT`), None for what it does
    not set. `folder`: the project's, whose `.env` and TOML files Prefect reads.

    A credential of the stack is sent alone, never beside one of Prefect's settings. Where the stack names an address,
    the credentials of files and profiles are those of their own address: for another one they are passed over.
    Raises `ConfigError` for a value that Prefect itself would refuse.
    """
    read = {_FIELDS[name]: settings for name, settings in read_settings(_FIELDS, environment, folder).items()}
    stack = {
        field: Setting(config[key], FROM_STACK)
        for key, variable in CONFIG.items()
        if config.get(key) is not None and (field := _FIELDS[variable])
    }
    if config.get("cloud") is not None:
        stack["stated_cloud"] = Setting(config["cloud"], FROM_STACK)
    own = {"api_key", "auth_string"} if {"api_key", "auth_string"} & stack.keys() else set()
    kept, passed_over = _of_this_address(stack, {field: values for field, values in read.items() if field not in own})
    settings = {field: values[0] for field, values in kept.items()} | stack
    own_headers = (stack["custom_headers"],) if "custom_headers" in stack else ()
    if headers := (*own_headers, *kept.get("custom_headers", ())):
        settings["custom_headers"] = _merged_headers(headers)
    if "cert_file" not in settings and environment.get("SSL_CERT_FILE"):
        settings["cert_file"] = Setting(environment["SSL_CERT_FILE"], f"{FROM_ENVIRONMENT} (SSL_CERT_FILE)")
    return _checked(settings, passed_over, folder, environment)


def _of_this_address(
    stack: Mapping[str, Setting], read: Mapping[str, tuple[Setting, ...]]
) -> tuple[dict[str, tuple[Setting, ...]], tuple[str, ...]]:
    """What of Prefect's settings is sent to the stack's address, and the fields of which something is not."""
    theirs = str(read["api_url"][0].value) if "api_url" in read else ""
    if "api_url" not in stack or not theirs or _same_address(str(stack["api_url"].value), theirs):
        return dict(read), ()
    kept = dict(read)
    for field in _OF_AN_ADDRESS:
        given = tuple(setting for setting in read.get(field, ()) if setting.origin == FROM_ENVIRONMENT)
        if not given:
            kept.pop(field, None)
        else:
            kept[field] = given
    return kept, tuple(field for field in _OF_AN_ADDRESS if field in read and field not in kept)


def _same_address(one: str, other: str) -> bool:
    addresses = [api_address(address).rstrip("/").lower() for address in (one, other)]
    return addresses[0] == addresses[1]


def _merged_headers(settings: tuple[Setting, ...]) -> Setting:
    """Prefect takes the headers of all sources together; of one name, the first source's."""
    headers: dict[Any, Any] = {}
    for setting in reversed(settings):
        try:
            headers |= _headers(setting.value)
        except (TypeError, ValueError):
            raise _refused("custom_headers", _NO_HEADERS, setting.origin) from None
    return Setting(headers, ", ".join(setting.origin for setting in settings))


def _no_proxy(api_url: str, environment: Mapping[str, str]) -> str:
    if not is_loopback(api_url) or not any(environment.get(name) for name in _PROXIES):
        return ""
    given = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return ",".join(filter(None, (given, "localhost", "127.0.0.1", "::1", urlsplit(api_url).hostname)))


def _checked(
    settings: Mapping[str, Setting], passed_over: tuple[str, ...], folder: Path, environment: Mapping[str, str]
) -> ConnectionSettings:
    values = {field: setting.value for field, setting in settings.items()}
    if isinstance(values.get("api_url"), str):
        values["api_url"] = api_address(values["api_url"])
    values["no_proxy"] = _no_proxy(str(values.get("api_url", "")), environment)
    if values.get("cert_file"):
        values["cert_file"] = str((folder / str(values["cert_file"])).absolute())
    origins = {field: setting.origin for field, setting in settings.items()}
    try:
        return ConnectionSettings(**values, origins=origins, passed_over=passed_over)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        message = _NO_HEADERS if field == "custom_headers" else error.errors()[0]["msg"].lower()
        raise _refused(field, message, origins[field]) from None


def _refused(field: str, message: str, origin: str) -> ConfigError:
    name = f"prefect:{_KEYS[field]}" if origin == FROM_STACK else VARIABLES[field]
    return ConfigError(f"{name}: {message}", where=origin, remedy=f"correct {name}, or leave it out")
