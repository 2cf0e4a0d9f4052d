"""Links to the Prefect UI are made of the server's address, never of a stranger's text."""

from __future__ import annotations

import pytest

from prefect_pulumi.review.links import page_of

CLOUD = "https://api.prefect.cloud/api/accounts/aa/workspaces/ww"
LOCAL = "http://user:secret@127.0.0.1:4200/api"


@pytest.mark.parametrize(
    ("server", "kind", "name", "id", "address"),
    [
        (LOCAL, "WorkPool", "etl", "1", "http://127.0.0.1:4200/work-pools/work-pool/etl"),
        (LOCAL, "WorkQueue", "etl/a b/c", "1", "http://127.0.0.1:4200/work-pools/work-pool/etl/queue/a%20b%2Fc"),
        (LOCAL, "WorkPool", "x](javascript:a)<b>", "1",
         "http://127.0.0.1:4200/work-pools/work-pool/x%5D%28javascript%3Aa%29%3Cb%3E"),
        (LOCAL, "Deployment", "f/d", "u-1", "http://127.0.0.1:4200/deployments/deployment/u-1"),
        (LOCAL, "Variable", "v", "u-1", "http://127.0.0.1:4200/variables"),
        ("https://x.example/prefect/api/", "Automation", "a", "u-1",
         "https://x.example/prefect/automations/automation/u-1"),
        (CLOUD, "Flow", "f", "u-1", "https://app.prefect.cloud/account/aa/workspace/ww/flows/flow/u-1"),
        (LOCAL, "Deployment", "f/d", "", ""),
        (LOCAL, "WorkQueue", "default", "1", ""),
        (LOCAL, "ProcessWorker", "w", "1", ""),
        ("", "WorkPool", "etl", "1", ""),
        ("javascript:alert(1)/api", "WorkPool", "etl", "1", ""),
        ("https://proxy.example/somewhere", "WorkPool", "etl", "1", ""),
    ],
)  # fmt: skip
def test_the_page_of_an_object(server: str, kind: str, name: str, id: str, address: str) -> None:
    assert page_of(server, kind, name, id) == address
