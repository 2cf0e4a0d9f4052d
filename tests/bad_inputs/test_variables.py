"""Environment variables: passphrases, backends, addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_inputs.files import SALT

SECRET = f"encryptionsalt: {SALT}\nconfig:\n  p:a: {{secure: 'v1:AAAA:AAAA'}}\n"
BACKENDS = {
    "s3://bucket?colour=red": "'colour' is no parameter of such a backend",
    "azblob://container": "the storage account is missing",
    "https://api.pulumi.com": "keeps states in files and buckets",
    "postgres://x/y": "keeps states in files and buckets",
    "nonsense": "keeps states in files and buckets, not in nonsense",
    "/tmp/state": "keeps states in files and buckets, not in /tmp/state",
    "file://~nouser/x": "PULUMI_BACKEND_URL",
}
ADDRESSES = ("nonsense", "http://", "ftp://example.com/api", "http://[", "http://x:port/api")


@pytest.mark.parametrize("url", BACKENDS)
@pytest.mark.parametrize("command", ["up --yes", "stack export", "state delete x"])
def test_a_backend_of_another_kind(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, url: str, command: str
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    assert BACKENDS[url] in refused(*command.split())


@pytest.mark.parametrize("command", ["up --yes", "preview", "config set --secret a b", "env"])
def test_no_passphrase(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert "stack dev has no passphrase" in refused(*command.split())


@pytest.mark.parametrize(("content", "words"), [(b"\xff\xfe\x00", "is not a text file"), (None, "No such file")])
def test_a_passphrase_file_that_is_none(
    project: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, content: bytes | None, words: str
) -> None:
    if content is not None:
        (project / "key").write_bytes(content)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(project / "key"))
    assert words in refused("preview")


@pytest.mark.parametrize("command", ["config set --secret a b", "config get a", "preview", "up --yes"])
def test_a_wrong_passphrase(
    project: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (project / "Pulumi.dev.yaml").write_text(SECRET)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    assert "incorrect passphrase" in refused(*command.split())


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("command", ["import --all --out new", "status -s dev"])
def test_an_address_that_is_none(
    project: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, url: str, command: str
) -> None:
    (project / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT}\n")
    monkeypatch.setenv("PREFECT_API_URL", url)
    said = refused(*command.split())
    assert f"{url!r} is not the address of an API" in said
    assert "PREFECT_API_URL" in said
