"""The commit that a deployment is deployed from, as Prefect takes it (prefect/_internal/versioning.py, `VersionInfo`).

Prefect's own command asks git in the folder where it runs. That is another commit where a release is deployed, whose
files lie in a folder of their own; and it sends the remote's address with the credentials in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from prefect_pulumi.api.deployment_versions import UNCOMMITTED
from prefect_pulumi.project import git

_BRANCHES = ("GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BITBUCKET_BRANCH", "BUILD_SOURCEBRANCHNAME")
"""Variables of code hosts, whose jobs have no branch checked out."""
_SCP = re.compile(r"^(?:[^@/]+@)?(?P<host>[\w.-]+):(?P<path>[^/].*)$")
_PAGES = {
    "github": "{page}/tree/{commit}",
    "gitlab": "{page}/-/tree/{commit}",
    "bitbucket": "{page}/src/{commit}",
    "azure": "{page}?version=GC{commit}",
}
_TYPES = {"azure": "azuredevops"}


def version_info(root: Path, environment: Mapping[str, str]) -> dict[str, object] | None:
    """None outside of a git repository with a remote: then Prefect says `prefect:simple`."""
    revision = git.revision(root)
    address = git.remote(root) if revision.commit else ""
    if not address:
        return None
    branch = next((environment[name] for name in _BRANCHES if environment.get(name)), "") or git.branch(root)
    about = described(address, revision.commit)
    clean = {} if revision.exact else {UNCOMMITTED: True}
    return {**about, "message": git.subject(root, revision.commit), "branch": branch, **clean}


def described(address: str, commit: str) -> dict[str, object]:
    """`type`, `version`, `commit_sha`, `repository` and `url` of a commit of the remote at that address."""
    match = _SCP.match(address) if "://" not in address else None
    parts = urlsplit(f"https://{match['host']}/{match['path']}" if match else address)
    host, path = parts.hostname or "", parts.path.strip("/").removesuffix(".git")
    kind = next((kind for kind in _PAGES if host and kind in host), "")
    scheme = parts.scheme if parts.scheme in ("http", "https") else "https"
    page = f"{scheme}://{host}{f':{parts.port}' if parts.port and parts.scheme in ('http', 'https') else ''}/{path}"
    url = _PAGES[kind].format(page=page, commit=commit) if kind else page if host else path
    return {
        "type": f"vcs:{_TYPES.get(kind, kind) or 'git'}",
        "version": commit[:8],
        "commit_sha": commit,
        "repository": path,
        "url": url,
    }
