"""Where an object is shown in the Prefect UI; pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.phrases import without_credentials

_CLOUD = re.compile(r"^/api/accounts/([^/]+)/workspaces/([^/]+)$")
_BY_NAME = {"WorkPool": "work-pools/work-pool/{0}", "WorkQueue": "work-pools/work-pool/{0}/queue/{1}"}
_BY_ID = {
    "Variable": "variables",
    "BlockDocument": "blocks/block/{}",
    "SecretBlock": "blocks/block/{}",
    "JsonBlock": "blocks/block/{}",
    "GlobalConcurrencyLimit": "concurrency-limits",
    "TaskRunConcurrencyLimit": "concurrency-limits/concurrency-limit/{}",
    "Flow": "flows/flow/{}",
    "Deployment": "deployments/deployment/{}",
    "Automation": "automations/automation/{}",
}


def link(server: str, item: Item) -> str:
    """Address of the object's page, "" where it has none, or is gone. `server`: address of the API."""
    if item.cls is Class.MISSING_LIVE or not item.id:
        return ""
    return page_of(server, item.kind, item.name, item.id)


def page_of(server: str, kind: str, name: str, id: str) -> str:
    """`name`: as reports show it."""
    base = _ui(server)
    if not base:
        return ""
    if kind in _BY_NAME:
        parts = [quote(part, safe="") for part in name.split("/", 1)]
        return f"{base}/{_BY_NAME[kind].format(*parts)}" if len(parts) == 1 + (kind == "WorkQueue") else ""
    if kind not in _BY_ID or not id:
        return ""
    return f"{base}/{_BY_ID[kind].format(quote(id, safe=''))}"


def _ui(server: str) -> str:
    """Of Prefect Cloud's API the workspace's page, of a server's `/api` what it stands on; "" for anything else."""
    address = urlsplit(without_credentials(server))
    if address.scheme not in ("http", "https") or not address.hostname:
        return ""
    cloud = _CLOUD.match(address.path)
    if cloud is not None:
        host = re.sub(r"^api\.", "app.", address.netloc)
        return urlunsplit((address.scheme, host, f"/account/{cloud[1]}/workspace/{cloud[2]}", "", ""))
    if not re.search(r"/api/?$", address.path):
        return ""
    return urlunsplit((address.scheme, address.netloc, re.sub(r"/api/?$", "", address.path), "", ""))
