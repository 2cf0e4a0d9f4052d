"""The block types that Prefect ships: a server registers them by itself.

Most are those of `prefect/server/collection_blocks_data.json`; those of Prefect's own package refer to its repository
and documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

COLLECTIONS = Path("server/collection_blocks_data.json")
LOGOS = "https://raw.githubusercontent.com/PrefectHQ/"
DOCUMENTATION = "https://docs.prefect.io/"


def is_shipped(row: Mapping[str, Any]) -> bool:
    """Whether a block type, as `/block_types` answers, is one of Prefect's own."""
    own = str(row.get("logo_url") or "").startswith(LOGOS)
    documented = str(row.get("documentation_url") or "").startswith(DOCUMENTATION)
    return bool(row.get("is_protected")) or (own and documented) or row["slug"] in _collections()


def shipped_fields(slug: str) -> Mapping[str, Any] | None:
    """JSON schema of an integration's block type, as the installed Prefect has it; None for any other type."""
    return _collections().get(slug)


@cache
def _collections() -> dict[str, Mapping[str, Any]]:
    """Slug -> schema of the integrations' block types. Prefect itself is not imported."""
    package = find_spec("prefect")
    folders = list(package.submodule_search_locations or ()) if package else []
    paths = [Path(folder, COLLECTIONS) for folder in folders if Path(folder, COLLECTIONS).is_file()]
    collections = json.loads(paths[0].read_text("utf-8"))["collections"] if paths else {}
    types = [block for part in collections.values() for block in part["block_types"].values()]
    return {block["slug"]: block["block_schema"]["fields"] for block in types}
