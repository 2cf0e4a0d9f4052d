"""The store of a backend's URL, as the official CLI takes it: the clouds' parameters, credentials and variables.

`docs/state-backends.md` lists the parameters. Credentials are looked for by the clouds' own libraries where their chain
is more than a few variables.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from prefect_pulumi.core.errors import ConfigError, UnsupportedError
from prefect_pulumi.state.store import Store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

EXTRAS = {"s3": "s3", "gs": "gcs", "azblob": "azure"}
"""Scheme of a bucket's URL -> the extra of this package that has what it needs."""

RETRY: RetryConfig = {
    "max_retries": 10,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
}
TIMEOUTS: ClientConfig = {"timeout": "30s", "connect_timeout": "5s"}


class Parameters:
    """The parameters of a URL, each used once. `where` names the place in errors."""

    def __init__(self, url: str, where: str) -> None:
        self.where = f"{where}: {url.partition('?')[0]}"
        values = parse_qs(urlsplit(url).query, keep_blank_values=True)
        self._values = {name: texts[-1] for name, texts in values.items()}

    def text(self, *names: str) -> str:
        """The value of the first of these names that is there, else ""."""
        texts = [self._values.pop(name, "") for name in names]
        return next((text for text in texts if text), "")

    def flag(self, *names: str) -> bool:
        """Raises `ConfigError` for what is no truth value."""
        text = self.text(*names).lower()
        if text in {"", "0", "f", "false"}:
            return False
        if text in {"1", "t", "true"}:
            return True
        raise ConfigError(f"{names[0]}={text!r} is neither true nor false", where=self.where)

    def refuse(self, *names: str) -> None:
        """Raises `UnsupportedError` for one of these, which only the official CLI supports."""
        for name in names:
            if self.text(name):
                raise UnsupportedError(
                    f"the parameter {name} is for the official CLI",
                    where=self.where,
                    remedy="leave it out, or use pulumi up for this stack",
                )

    def finish(self) -> None:
        """Raises `ConfigError` for a parameter that nobody has asked for."""
        for name in self._values:
            raise ConfigError(f"{name!r} is no parameter of such a backend", where=self.where, remedy="leave it out")


def bucket_store(url: str, where: str) -> Store:
    """The store of a bucket's URL. `where`: what the URL was read from, for errors.

    Raises `ConfigError` for a bad URL or a library that is not installed, `UnsupportedError`. Nothing is sent.
    """
    parts = urlsplit(url)
    parameters = Parameters(url, where)
    if not parts.netloc:
        raise ConfigError(
            "the URL names no bucket", where=parameters.where, remedy=f"write {parts.scheme}://BUCKET/PREFIX"
        )
    try:
        return _opened(url, where)
    except ImportError as error:
        extra = EXTRAS[parts.scheme]
        raise ConfigError(
            f"a state in {parts.scheme}:// needs {error.name or 'a library'}, which is not installed",
            where=parameters.where,
            remedy=f"pip install 'prefect-pulumi[{extra}]'",
        ) from error


@functools.cache
def _opened(url: str, where: str) -> Store:
    from prefect_pulumi.state.object_store import Bucket, ObjectStore

    parts = urlsplit(url)

    def client(retry: RetryConfig) -> Any:
        parameters = Parameters(url, where)
        opener: Callable[..., Any] = {"s3": _s3, "gs": _gcs, "azblob": _azure}[parts.scheme]
        try:
            opened = opener(parts.netloc, parameters, retry)
        except (ValueError, OSError) as error:
            raise ConfigError(f"the bucket cannot be opened: {error}", where=parameters.where) from error
        parameters.finish()
        return opened

    prefix = parts.path.strip("/")
    bucket = Bucket(client(RETRY), f"{parts.scheme}://{parts.netloc}", lambda: client({**RETRY, "max_retries": 0}))
    return ObjectStore(bucket, url, f"{prefix}/" if prefix else "")


def _s3(bucket: str, parameters: Parameters, retry: RetryConfig) -> Any:
    """Credentials in the order of the AWS SDK: the URL's profile, keys of the environment, web identity, the profile
    of the environment or of `~/.aws`, the container's, the instance's."""
    from obstore.store import S3Store

    parameters.refuse("accelerate", "dualstack", "fips", "role")
    for ignored in (
        "awssdk",
        "hostname_immutable",
        "rate_limiter_capacity",
        "request_checksum_calculation",
        "response_checksum_validation",
    ):
        parameters.text(ignored)
    endpoint, path_style = parameters.text("endpoint"), parameters.flag("s3ForcePathStyle", "use_path_style")
    plain = parameters.flag("disableSSL", "disable_https")
    options: dict[str, Any] = {"virtual_hosted_style_request": not path_style and bool(endpoint)}
    if endpoint:
        scheme, separator, host = endpoint.rpartition("://")
        scheme = "http" if plain else scheme if separator else "https"
        options["endpoint"] = f"{scheme}://{host if path_style else f'{bucket}.{host}'}"
    for name, parameter in (("server_side_encryption", "ssetype"), ("sse_kms_key_id", "kmskeyid")):
        value = parameters.text(parameter)
        if value:
            options[name] = value
    region = parameters.text("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region:
        options["region"] = region
    profile = parameters.text("profile")
    if parameters.flag("anonymous"):
        options["skip_signature"] = True
    elif profile or _has_aws_profile():
        options["credential_provider"] = _aws_profile(profile, parameters)
    return S3Store(
        bucket, client_options=_transport(plain or endpoint.startswith("http:")), retry_config=retry, **options
    )


def _has_aws_profile() -> bool:
    environment = os.environ
    if environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return False
    files = (("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"), ("AWS_CONFIG_FILE", "~/.aws/config"))
    return bool(environment.get("AWS_PROFILE")) or any(
        Path(environment.get(variable) or default).expanduser().is_file() for variable, default in files
    )


def _aws_profile(profile: str, parameters: Parameters) -> Any:
    """A provider of the credentials that AWS's own library reads from its files, or asks for."""
    import boto3
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=profile or None), ttl=timedelta(minutes=10))
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(
            f"AWS credentials are missing: {error}",
            where=parameters.where,
            remedy="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ) from error


def _gcs(bucket: str, parameters: Parameters, retry: RetryConfig) -> Any:
    """Credentials as the official CLI looks for them: `GOOGLE_CREDENTIALS`, `GOOGLE_OAUTH_ACCESS_TOKEN`,
    `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's own, the instance's."""
    from obstore.store import GCSStore

    parameters.refuse("universe_domain")
    parameters.text("private_key_path")
    anonymous = parameters.flag("anonymous") or parameters.text("access_id") == "-"
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
    options: dict[str, Any] = {}
    if emulator:
        options["base_url"] = emulator if "://" in emulator else f"http://{emulator}"
    token = "" if emulator or anonymous else os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN", "")
    content = "" if emulator or anonymous else os.environ.get("GOOGLE_CREDENTIALS", "")
    if emulator or anonymous or (token and not content):
        # The library signs each write; a service without credentials takes any token.
        options["credential_provider"] = lambda: {"token": token or "anonymous", "expires_at": None}
    else:
        options["credential_provider"] = _google_credentials(content, parameters)
    return GCSStore(bucket, client_options=_transport(bool(emulator)), retry_config=retry, **options)


def _google_credentials(content: str, parameters: Parameters) -> Any:
    """A provider of the tokens that Google's own library finds; `content`: of `GOOGLE_CREDENTIALS`."""
    import json

    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from obstore.auth.google import GoogleCredentialProvider

    scopes = ["https://www.googleapis.com/auth/devstorage.read_write"]
    try:
        if content:
            credentials, _ = google.auth.load_credentials_from_dict(  # type: ignore[no-untyped-call]
                json.loads(content), scopes=scopes
            )
        else:
            credentials, _ = google.auth.default(scopes=scopes)
    except (GoogleAuthError, ValueError) as error:
        raise ConfigError(
            f"Google credentials are missing: {str(error).partition('.')[0]}",
            where="GOOGLE_CREDENTIALS" if content else parameters.where,
            remedy="run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
        ) from error
    return GoogleCredentialProvider(credentials)


def _azure(container: str, parameters: Parameters, retry: RetryConfig) -> Any:
    """Credentials as the official CLI looks for them: `AZURE_STORAGE_CONNECTION_STRING`, the account's key, a SAS
    token, a workload's or an application's identity, the instance's, the one of `az login`."""
    from obstore.store import AzureStore

    environment = os.environ
    texts = environment.get("AZURE_STORAGE_CONNECTION_STRING") or environment.get("AZURE_STORAGEBLOB_CONNECTIONSTRING")
    given = dict(part.partition("=")[::2] for part in (texts or "").split(";") if part)
    account = parameters.text("storage_account") or given.get("AccountName") or environment.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise ConfigError(
            "the storage account is missing",
            where=parameters.where,
            remedy="set AZURE_STORAGE_ACCOUNT, or append ?storage_account=NAME to the URL",
        )
    domain = parameters.text("domain") or environment.get("AZURE_STORAGE_DOMAIN") or "blob.core.windows.net"
    protocol = parameters.text("protocol") or environment.get("AZURE_STORAGE_PROTOCOL")
    emulated = parameters.flag("localemu") or environment.get("AZURE_STORAGE_IS_LOCAL_EMULATOR", "").lower() == "true"
    cdn = parameters.flag("cdn") or environment.get("AZURE_STORAGE_IS_CDN", "").lower() == "true"
    protocol = protocol or ("http" if emulated else "https")
    host = f"{domain}/{account}" if emulated else domain if cdn else f"{account}.{domain}"
    endpoint = given.get("BlobEndpoint") or f"{protocol}://{host}"
    options: dict[str, Any] = {"account_name": account, "endpoint": endpoint.rstrip("/")}
    key = given.get("AccountKey") or environment.get("AZURE_STORAGE_KEY")
    signature = given.get("SharedAccessSignature") or environment.get("AZURE_STORAGE_SAS_TOKEN")
    identity = ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "MSI_ENDPOINT")
    if key:
        options["account_key"] = key
    elif signature:
        options["sas_key"] = signature.removeprefix("?")
    elif not any(environment.get(name) for name in identity) and shutil.which("az"):
        options["use_azure_cli"] = True
    return AzureStore(container, client_options=_transport(endpoint.startswith("http:")), retry_config=retry, **options)


def _transport(plain: bool) -> ClientConfig:
    return {**TIMEOUTS, "allow_http": True} if plain else TIMEOUTS
