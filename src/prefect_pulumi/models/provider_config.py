"""Configuration of the provider: which server, and how to sign in."""

from __future__ import annotations

import json
import re
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from prefect_pulumi.models.base import Kind, Meta


def _api_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("'apiUrl' must be an http or https address such as http://127.0.0.1:4200/api")
    if parts.username or parts.password:
        raise ValueError("'apiUrl' must hold no password; use authString")
    return value


def _custom_headers(value: str) -> str:
    try:
        headers = json.loads(value)
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        raise ValueError("""'customHeaders' must be a JSON object of texts such as {"X-Token": "..."}""")
    return value


def _flag(value: str, name: str) -> str:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"'{name}' must be 'true' or 'false'")
    return value.lower()


class ProviderConfig(Kind):
    """Which Prefect API the resources live on. Each falls back to the variable that Prefect itself reads."""

    kind: ClassVar[str] = "Provider"
    faults: ClassVar[tuple[str, ...]] = (
        "An address that is not http or https, or that holds a password, is refused at preview.",
        "Headers that are no JSON object of texts are refused at preview.",
    )
    example: ClassVar[str] = 'Provider("local", api_url=server.api_url)'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    api_url: Annotated[str | None, AfterValidator(lambda value: _api_url(value) if value is not None else value)] = (
        Field(default=None, description="Address of the API, ending with /api; else PREFECT_API_URL.")
    )
    api_key: Annotated[str | None, Meta(secret=True)] = Field(
        default=None, description="Key of Prefect Cloud; else PREFECT_API_KEY."
    )
    auth_string: Annotated[str | None, Meta(secret=True)] = Field(
        default=None, description="'user:password' of a self-hosted server; else PREFECT_API_AUTH_STRING."
    )
    custom_headers: Annotated[
        str | None, AfterValidator(lambda value: value and _custom_headers(value)), Meta(secret=True)
    ] = Field(
        default=None,
        description="JSON object of texts: headers of every request, over those of PREFECT_CLIENT_CUSTOM_HEADERS.",
    )
    cert_file: str | None = Field(
        default=None,
        description="PEM file of the authorities that certificates are checked with, relative to the project's folder; "
        "else PREFECT_API_SSL_CERT_FILE.",
    )
    skip_verify: Annotated[str | None, AfterValidator(lambda value: value and _flag(value, "skipVerify"))] = Field(
        default=None,
        description="'true': certificates are not checked; else PREFECT_API_TLS_INSECURE_SKIP_VERIFY.",
    )
    cloud: Annotated[str | None, AfterValidator(lambda value: value and _flag(value, "cloud"))] = Field(
        default=None,
        description="'true': the address is one of Prefect Cloud on a host of the customer's; else what the address "
        "and PREFECT_CLOUD_API_URL say.",
    )


CLOUD_API = "https://api.prefect.cloud/api"
_WORKSPACE = re.compile(r"/accounts/([^/]+)/workspaces/([^/]+)/?$")
ENVIRONMENT = {
    "apiUrl": "PREFECT_API_URL",
    "apiKey": "PREFECT_API_KEY",
    "authString": "PREFECT_API_AUTH_STRING",
    "customHeaders": "PREFECT_CLIENT_CUSTOM_HEADERS",
    "certFile": "PREFECT_API_SSL_CERT_FILE",
    "skipVerify": "PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
}
"""Input of the provider -> the setting of Prefect that it stands before."""
INPUTS = (*ENVIRONMENT, "cloud")
"""All that a connection is made of."""


def is_address(api_url: str) -> bool:
    """Whether it is one that a request could be sent to."""
    try:
        parts = urlsplit(api_url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


_PAGE = re.compile(r"^/account/([^/]+)/workspace/([^/]+)")


def api_address(address: str) -> str:
    """The API of a workspace whose page in Prefect Cloud's UI it is; any other address as it is given."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    page = _PAGE.match(parts.path)
    if page is None or parts.scheme not in ("http", "https"):
        return address
    host = re.sub(r"^app\.", "api.", parts.netloc)
    return f"{parts.scheme}://{host}/api/accounts/{page[1]}/workspaces/{page[2]}"


def workspace_address(workspace: str, api_url: str = "") -> str:
    """The API of a workspace `account/workspace`, each a handle or a UUID, of the Cloud at `api_url`, by default
    Prefect's own."""
    account, _, name = workspace.partition("/")
    root = api_address(api_url or CLOUD_API).partition("/accounts/")[0].rstrip("/")
    return f"{root}/accounts/{account}/workspaces/{name}"


def handles(api_url: str) -> tuple[str, str] | None:
    """Account and workspace of an address that names one of them by its handle; its API takes UUIDs only."""
    try:
        parts = _WORKSPACE.search(urlsplit(api_url).path)
    except ValueError:
        return None
    if parts is None or all(_UUID.fullmatch(part) for part in parts.groups()):
        return None
    return parts[1], parts[2]


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_cloud(api_url: str) -> bool:
    """Whether it is an address of Prefect Cloud: of its own host, or of a workspace on a customer's."""
    try:
        parts = urlsplit(api_url)
        host = parts.hostname or ""
    except ValueError:
        return False
    own = host == "prefect.cloud" or host.endswith(".prefect.cloud")
    return own or _WORKSPACE.search(parts.path) is not None
