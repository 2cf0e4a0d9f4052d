"""Values that look like secrets in clear text are warned about, and none of them is repeated."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.app.review.clear_text import clear_defaults, clear_text
from prefect_pulumi.core.values import Secret
from prefect_pulumi.project.settings import parse_environment

KEY = "AKIA" + "A1B2C3D4E5F6G7H8"
VARIABLES = {"variables": {"properties": {"api_key": {"type": "string", "title": "API key", "default": "s3cret"}}}}


@pytest.mark.parametrize(
    ("kind", "name", "inputs", "places"),
    [
        ("JsonBlock", "app", {"value": {"db": {"password": "s3cret"}, "host": "h"}}, ["value.db.password"]),
        ("JsonBlock", "app", {"value": {"hosts": ["a", "postgres://u:s3cret@h/db"]}}, ["value.hosts[1]"]),
        ("JsonBlock", "app", {"value": {"clientSecret": "s3cret", "note": KEY}}, ["value.clientSecret", "value.note"]),
        ("JsonBlock", "app", {"value": Secret({"password": "s3cret"})}, []),
        ("JsonBlock", "app", {"value": {"password": Secret("s3cret"), "token": "", "secret": True}}, []),
        ("JsonBlock", "app", {"value": {"password": "{{ prefect.blocks.secret.db }}", "api_key": "${KEY}"}}, []),
        ("JsonBlock", "app", {"value": {"tokens_per_minute": "100", "tokenizer": "bpe"}}, []),
        ("Variable", "api_token", {"value": "s3cret"}, ["value"]),
        ("Variable", "region", {"value": "eu"}, []),
        ("Variable", "region", {"value": {"api_key": "s3cret"}}, ["value.api_key"]),
        ("WorkPool", "etl", {"baseJobTemplate": VARIABLES},
         ["baseJobTemplate.variables.properties.api_key.default"]),
        ("WorkPool", "etl", {"baseJobTemplate": {"job_configuration": {"env": {"API_TOKEN": "s3cret"}}}},
         ["baseJobTemplate.job_configuration.env.API_TOKEN"]),
        ("WorkPool", "etl", {"baseJobTemplate": {"job_configuration": {"token": "{{ token }}"}}}, []),
        ("SecretBlock", "token", {"value": "s3cret"}, []),
        ("GlobalConcurrencyLimit", "token", {"limit": 1}, []),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret(kind: str, name: str, inputs: dict[str, Any], places: list[str]) -> None:
    lines = list(clear_text(kind, name, inputs))
    assert [line.split(": ")[1].split(" looks")[0] for line in lines] == places
    assert "s3cret" not in "".join(lines)
    assert KEY not in "".join(lines)


def test_a_default_of_a_secret_is_for_an_own_dev_server_only() -> None:
    secrets = {"token": {"default": "s3cret"}, "other": {"env": "OTHER"}}
    own = parse_environment({"server": {"embedded": True}, "secrets": secrets}, "dev")
    assert list(clear_defaults(own, "dev")) == []
    shared = parse_environment({"server": {"api_url": "http://x/api"}, "secrets": secrets}, "prod")
    (line,) = clear_defaults(shared, "prod")
    assert line.startswith("Pulumi.prod.yaml: secrets.token.default")
    assert "s3cret" not in line
