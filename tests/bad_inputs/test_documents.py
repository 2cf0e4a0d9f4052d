"""Documents that `stack import` and `review --from` are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs.files import STACK_FILE

STACK = {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"}
URN = "urn:pulumi:dev::p::prefect:index:Variable::v"
PROVIDER = {
    "urn": "urn:pulumi:dev::p::pulumi:providers:prefect::default",
    "type": "pulumi:providers:prefect",
    "custom": True,
    "id": "1",
}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:AAAA:AAAA"}


def resource(**fields: Any) -> dict[str, Any]:
    known = {
        "urn": URN,
        "type": "prefect:index:Variable",
        "custom": True,
        "id": "x",
        "provider": f"{PROVIDER['urn']}::1",
    }
    return {key: value for key, value in {**known, **fields}.items() if value is not None}


def document(*resources: Any, **deployment: Any) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources), **deployment}})


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "urn missing": ({"urn": None}, "urn or type is missing"),
    "urn empty": ({"urn": ""}, "urn or type is missing"),
    "urn a number": ({"urn": 3}, "urn or type is missing"),
    "urn of junk": ({"urn": "junk"}, "junk"),
    "type missing": ({"type": None}, "urn or type is missing"),
    "type a list": ({"type": ["x"]}, "urn or type is missing"),
    "id a number": ({"id": 3}, "id has the wrong type: expected a string, got a number"),
    "parent a list": ({"parent": []}, "parent has the wrong type"),
    "parent unknown": ({"parent": f"{URN}-other"}, "parent"),
    "provider a number": ({"provider": 3}, "provider has the wrong type"),
    "provider of junk": ({"provider": "junk"}, "provider"),
    "provider unknown": ({"provider": f"{PROVIDER['urn']}::2"}, "provider"),
    "protect a text": ({"protect": "yes"}, "protect has the wrong type: expected true or false, got a string"),
    "external a number": ({"external": 1}, "external has the wrong type"),
    "delete a text": ({"delete": "no"}, "delete has the wrong type"),
    "dependencies a text": ({"dependencies": "x"}, "dependencies has the wrong type: expected a list"),
    "dependencies of numbers": ({"dependencies": [3]}, "dependencies[0] has the wrong type"),
    "dependencies unknown": ({"dependencies": [f"{URN}-other"]}, "other"),
    "initErrors a text": ({"initErrors": "x"}, "initErrors has the wrong type"),
    "ignoreChanges of lists": ({"ignoreChanges": [["x"]]}, "ignoreChanges[0] has the wrong type"),
    "aliases of replaceWith": ({"replaceWith": 3}, "replaceWith has the wrong type"),
    "propertyDependencies a list": ({"propertyDependencies": []}, "propertyDependencies has the wrong type"),
    "propertyDependencies of texts": ({"propertyDependencies": {"a": "x"}}, "propertyDependencies.a has the wrong"),
    "customTimeouts a list": ({"customTimeouts": [1]}, "customTimeouts has the wrong type"),
    "customTimeouts of texts": ({"customTimeouts": {"create": "1m"}}, "customTimeouts.create has the wrong type"),
    "inputs a list": ({"inputs": []}, "inputs has the wrong type: expected an object, got a list"),
    "inputs a text": ({"inputs": "x"}, "inputs has the wrong type"),
    "outputs a number": ({"outputs": 3}, "outputs has the wrong type"),
    "a secret of another passphrase": ({"inputs": {"value": SECRET}}, "secret"),
    "a secret without a text": ({"inputs": {"value": {**SECRET, "ciphertext": 3}}}, "the state holds secrets"),
    "created a number": ({"created": 3}, "created has the wrong type"),
    "importID a list": ({"importID": []}, "importID has the wrong type"),
    "deletedWith a number": ({"deletedWith": 3}, "deletedWith has the wrong type"),
}
DOCUMENTS: dict[str, tuple[str, str]] = {
    "nothing": ("", "is not what `stack export` writes"),
    "no JSON": ("{", "is not what `stack export` writes"),
    "a list": ("[]", "is not what `stack export` writes"),
    "a text": ('"x"', "is not what `stack export` writes"),
    "null": ("null", "is not what `stack export` writes"),
    "no deployment": ('{"version": 3}', "is not what `stack export` writes"),
    "a deployment of null": ('{"version": 3, "deployment": null}', "is not what `stack export` writes"),
    "a deployment that is a list": ('{"version": 3, "deployment": []}', "is not what `stack export` writes"),
    "a version that is a text": ('{"version": "3", "deployment": {}}', "version has the wrong type"),
    "a version of the past": ('{"version": 1, "deployment": {}}', "version 1"),
    "a version to come": ('{"version": 9, "deployment": {}}', "version 9"),
    "nested too deep": (
        '{"version": 3, "deployment": {"resources": ' + "[" * 200_000 + "]" * 200_000 + "}}",
        "is not what `stack export` writes",
    ),
    "resources a text": (document(resources="x"), "resources has the wrong type: expected a list, got a string"),
    "resources of texts": (document("x"), "resources[0] has the wrong type: expected an object, got a string"),
    "resources of null": (document(None), "resources[0] has the wrong type"),
    "pending a mapping": (document(pending_operations={}), "pending_operations has the wrong type"),
    "pending without resource": (document(pending_operations=[{"type": "creating"}]), "resource or type is missing"),
    "a manifest that is a list": (document(manifest=[]), "manifest has the wrong type"),
    "a manifest of another version": (document(manifest={"version": "v3", "magic": "x"}), "magic does not fit"),
    "secrets of Pulumi Cloud": (document(secrets_providers={"type": "service"}), "passphrase, not with 'service'"),
    "secrets of a key service": (
        document(secrets_providers={"type": "cloud", "state": {"url": "gcpkms://k", "encryptedkey": "x"}}),
        "passphrase, not with 'gcpkms://k'",
    ),
    "a salt that is none": (
        document(secrets_providers={"type": "passphrase", "state": {"salt": 3}}),
        "secrets_providers.state.salt is not a salt",
    ),
    "a resource twice": (document(STACK, PROVIDER, resource(), resource()), "v"),
    "a resource before its provider": (document(resource(), PROVIDER), "provider"),
    "of another stack": (
        document({**STACK, "urn": STACK["urn"].replace(":dev:", ":prod:")}),
        "belongs to another stack",
    ),
    "of another project": (
        document({**STACK, "urn": STACK["urn"].replace("::p::", "::q::")}),
        "belongs to another stack",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_resource_is_refused_by_its_field(project: Path, refused: Callable[..., str], name: str) -> None:
    fields, words = WRONG[name]
    (project / "state.json").write_text(document(PROVIDER, resource(**fields)))
    said = refused("stack", "import", "--file", "state.json")
    assert "state.json" in said
    assert words in said, said


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_refused(project: Path, refused: Callable[..., str], name: str) -> None:
    text, words = DOCUMENTS[name]
    (project / "state.json").write_text(text)
    said = refused("stack", "import", "--file", "state.json")
    assert "state.json" in said
    assert words in said, said


STATES = {
    "service": {"type": "service", "state": {"url": "https://api.pulumi.com", "owner": "o"}},
    "awskms://alias/x": {"type": "cloud", "state": {"url": "awskms://alias/x", "encryptedkey": "AAAA"}},
}


@pytest.mark.parametrize("provider", STATES)
@pytest.mark.parametrize("file", ["", STACK_FILE])
@pytest.mark.parametrize(
    "command", ["preview", "up --yes", "refresh --yes", "destroy --yes", "outputs", "stack export"]
)
def test_a_state_of_another_secrets_provider_is_refused_by_name(
    project: Path, refused: Callable[..., str], command: str, file: str, provider: str
) -> None:
    """Whether the stack file has the salt of a passphrase or not."""
    state = project / ".infra" / "state" / ".pulumi" / "stacks" / "p" / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"secrets_providers": STATES[provider]}}}))
    (project / "Pulumi.dev.yaml").write_text(file or "config: {}\n")
    said = refused(*command.split())
    assert f"with a passphrase, not with '{provider}'" in said
    assert said.endswith("pulumi stack change-secrets-provider passphrase")


REPORTS = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "null": "null",
    "no version": "{}",
    "another version": '{"version": 99}',
    "environments a text": '{"version": 1, "environments": "x"}',
    "environments of texts": '{"version": 1, "environments": ["x"]}',
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_refused(project: Path, refused: Callable[..., str], name: str) -> None:
    (project / "report.json").write_text(REPORTS[name])
    assert "report.json" in refused("review", "--from", "report.json")
