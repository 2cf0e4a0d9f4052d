"""`prefect.yaml` files in the styles of the field, and what surrounds them."""

from __future__ import annotations

from pathlib import Path

from prefect_pulumi.deploy.checks.context import Block, DeployContext, Pool
from prefect_pulumi.models.worker_types import variables_of
from tests.deploy.real_files import forms, mistakes, teams
from tests.deploy.real_files.generated import generated

WRITTEN: dict[str, str] = {**teams.FILES, **forms.FILES, **mistakes.FILES}
REAL_FILES: dict[str, str] = {**WRITTEN, **generated()}

PROJECT = Path(__file__).parent / "project"
POOLS = {
    "local": "process",
    "docker": "docker",
    "k8s": "kubernetes",
    "ecs": "ecs",
    "cloud-run": "cloud-run-v2",
    "aci": "azure-container-instance",
}
VARIABLES = {"bucket": "acme-flows", "region": "eu-central-1", "is_live": True, "limit": 5, "tags": ["a", "b"]}
ENV = {
    "GIT_SHA": "3f2a91c",
    "BRANCH": "main",
    "IMAGE": "registry.example.com/acme/flows:3f2a91c",
    "POOL": "k8s",
    "STAGE": "staging",
}
_SECRET = Block(frozenset({"token"}), frozenset({"token"}))
CONTEXT = DeployContext(
    pools={name: Pool(kind, variables_of(kind, None), here=name == "local") for name, kind in POOLS.items()},
    blocks={
        ("secret", "github-token"): Block(frozenset({"value"}), frozenset({"value"})),
        ("github-credentials", "deploy"): _SECRET,
        ("aws-credentials", "deploy"): _SECRET,
        ("azure-blob-storage-credentials", "deploy"): _SECRET,
    },
    variables=VARIABLES,
    requirements={"a-model-library": "requirements.txt"},
)
