"""`Pulumi.dev.yaml` that is no YAML, costs too much, or has other things where the engine's own keys belong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_inputs.files import SALT

HEAD = f"encryptionsalt: {SALT}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES: dict[str, tuple[str | bytes, str]] = {
    "not UTF-8": (b"config:\n  p:a: caf\xe9\n", "it is not UTF-8 text"),
    "UTF-16": ("config: {}\n".encode("utf-16"), "it is not UTF-8 text"),
    "a NUL": (b"config:\n  p:a: \x00\n", "Pulumi.dev.yaml:2"),
    "control characters": (b"config:\n  p:a: \x07\n", "Pulumi.dev.yaml:2"),
    "a tab": ("config:\n\tp:a: 1\n", "Pulumi.dev.yaml:2"),
    "a bracket": ("config: [\n", "Pulumi.dev.yaml:"),
    "a brace": ("config: {p:a: 1\n", "Pulumi.dev.yaml:"),
    "a quote": ("config:\n  p:a: 'x\n", "Pulumi.dev.yaml:"),
    "an indent": ("config:\n  p:a: 1\n p:b: 2\n", "Pulumi.dev.yaml:3"),
    "an unknown alias": ("config:\n  p:a: *x\n", "anchor"),
    "an unknown tag": ("config:\n  p:a: !!python/object:os.system x\n", "Pulumi.dev.yaml:2"),
    "a colon": ("config:\n  p:a: b: c\n", "put a text that holds a colon in quotes"),
    "a template": ("config:\n  {{ a }}: 1\n", "Pulumi.dev.yaml:2"),
    "two documents": ("config: {}\n---\nconfig: {}\n", "Pulumi.dev.yaml:"),
    "a key twice": ("config:\n  p:a: 1\n  p:a: 2\n", "config.p:a: the key is here twice"),
    "a top key twice": ("config: {}\nconfig: {}\n", "config: the key is here twice"),
    "a nested key twice": ("config:\n  p:environment:\n    pools: {a: {}, a: {}}\n", "pools.a: the key is here twice"),
    "a bomb": (f"{BOMB}config: {{}}\n", "values when they are written out"),
    "an anchor in itself": ("config: &a {p:a: *a}\n", "the anchor holds itself"),
    "brackets too deep": ("config:\n  p:a: " + "[" * 800 + "]" * 800 + "\n", "nested deeper"),
    "lines too deep": ("".join(" " * n + "a:\n" for n in range(800)), "nested deeper"),
    "a number too long": ("config:\n  p:a: " + "9" * 5000 + "\n", "more than 400 digits"),
    "a date that is none": ("config:\n  p:a: 2026-13-45\n", "cannot be read as YAML"),
    "a list": ("- a\n", "mapping"),
    "a text": ("text\n", "mapping"),
    "a number": ("3\n", "mapping"),
    "config a text": ("config: text\n", "config: it must be a mapping of keys to values"),
    "config a list": ("config: [p:a]\n", "config: it must be a mapping of keys to values"),
    "config a number": ("config: 3\n", "config: it must be a mapping of keys to values"),
    "a salt of junk": ("encryptionsalt: junk\n", "encryptionsalt: the salt is not one"),
    "a salt that is a number": ("encryptionsalt: 12\n", "encryptionsalt: the salt is not one"),
    "a salt that is a list": ("encryptionsalt: [v1]\n", "encryptionsalt: the salt is not one"),
    "a salt of a later form": ("encryptionsalt: v2:AAAA:v1:BBBB:CCCC\n", "encryptionsalt: the salt is not one"),
    "a salt cut off": ("encryptionsalt: 'v1:'\n", "the salt is not of a form"),
    "a salt without base64": ("encryptionsalt: 'v1:***:v1:a:b'\n", "the salt is not of a form"),
    "a provider of AWS": ("secretsprovider: awskms://alias/x\n", "secretsprovider: the embedded engine encrypts with"),
    "a provider of Google": ("secretsprovider: gcpkms://x\n", "secretsprovider: the embedded engine encrypts with"),
    "a provider that is a list": ("secretsprovider: [passphrase]\n", "secretsprovider: the embedded engine"),
    "a key of the cloud": ("encryptedkey: abc\n", "secretsprovider: the embedded engine encrypts with"),
    "a secret of junk": (f"{HEAD}config:\n  p:a: {{secure: junk}}\n", "a secret cannot be decrypted"),
    "a secret that is a number": (f"{HEAD}config:\n  p:a: {{secure: 12}}\n", "a secret cannot be decrypted"),
    "a secret that is a list": (f"{HEAD}config:\n  p:a: {{secure: [x]}}\n", "a secret cannot be decrypted"),
    "a secret in a list": (f"{HEAD}config:\n  p:a: [{{secure: 'v1:a:b'}}]\n", "a secret cannot be decrypted"),
    "a secret of base64 alone": (f"{HEAD}config:\n  p:a: {{secure: 'v1:AAAA:AAAA'}}\n", "a secret cannot be decrypted"),
    "environment a text": (f"{HEAD}config:\n  p:environment: text\n", "environment"),
    "environment a list": (f"{HEAD}config:\n  p:environment: [server]\n", "environment"),
    "environment a number": (f"{HEAD}config:\n  p:environment: 3\n", "environment"),
    "environment empty": (f"{HEAD}config:\n  p:environment:\n", "environment"),
    "environment of nothing": (f"{HEAD}config:\n  p:environment: {{}}\n", "environment.server"),
    "no environment": (f"{HEAD}config: {{}}\n", "environment"),
    "of another project": (f"{HEAD}config:\n  q:environment: {{server: {{embedded: true}}}}\n", "environment"),
    "nothing": ("", "environment"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_stack_file_is_refused_with_its_place(project: Path, refused: Callable[..., str], name: str) -> None:
    content, words = FILES[name]
    data = content if isinstance(content, bytes) else content.encode()
    (project / "Pulumi.dev.yaml").write_bytes(data)
    said = refused("preview")
    assert words in said, said


@pytest.mark.parametrize("command", ["config get a", "config set a b", "env", "drift", "refresh --yes", "up --yes"])
def test_every_command_says_the_same(project: Path, refused: Callable[..., str], command: str) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: [\n")
    assert "Pulumi.dev.yaml:" in refused(*command.split())


def test_a_folder_in_the_place_of_the_file(project: Path, refused: Callable[..., str]) -> None:
    (project / "Pulumi.dev.yaml").unlink()
    (project / "Pulumi.dev.yaml").mkdir()
    assert "there is no stack 'dev'" in refused("preview")
