"""What a project's own files require: `requirements*.txt` and `pyproject.toml`.

A flow may import what only its workers have; what these files name is expected there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

FILES = ("requirements*.txt", "requirements/*.txt")

MODULES: dict[str, tuple[str, ...]] = {
    "attrs": ("attr",),
    "beautifulsoup4": ("bs4",),
    "faiss-cpu": ("faiss",),
    "gitpython": ("git",),
    "mysqlclient": ("MySQLdb",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "pillow": ("PIL",),
    "protobuf": ("google.protobuf",),
    "psycopg2-binary": ("psycopg2",),
    "psycopg-binary": ("psycopg",),
    "pycryptodome": ("Crypto",),
    "pyjwt": ("jwt",),
    "pymupdf": ("fitz",),
    "pyserial": ("serial",),
    "python-dateutil": ("dateutil",),
    "python-dotenv": ("dotenv",),
    "pyyaml": ("yaml",),
    "scikit-image": ("skimage",),
    "scikit-learn": ("sklearn",),
    "snowflake-connector-python": ("snowflake.connector",),
}
"""Distribution -> the modules that it installs, where its name does not say so."""


def requirements(folders: Iterable[Path]) -> dict[str, str]:
    """Name of each required distribution -> the file that names it first."""
    names: dict[str, str] = {}
    for folder in folders:
        for pattern in FILES:
            for path in sorted(folder.glob(pattern)):
                for name in _listed(path, set()):
                    names.setdefault(name, path.relative_to(folder).as_posix())
        for name in _declared(folder / "pyproject.toml"):
            names.setdefault(name, "pyproject.toml")
    return names


def names_module(package: str, module: str) -> bool:
    """Whether a package, called by its distribution or by its module, holds a module: `acme-cloud` may hold
    `acme_cloud` and `acme.cloud`."""
    distribution = canonicalize_name(package)
    stems = [package, distribution.replace("-", "_"), distribution.replace("-", "."), *MODULES.get(distribution, ())]
    wanted = module.casefold()
    return any(wanted == stem.casefold() or wanted.startswith(f"{stem.casefold()}.") for stem in stems)


def _listed(path: Path, seen: set[Path]) -> Iterator[str]:
    """Names in a requirements file and in those that it includes (`-r other.txt`)."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    seen.add(path.resolve())
    for line in lines:
        text = re.sub(r"(^|\s)#.*|\s--hash\S*|\\$", "", line).strip()
        included = re.match(r"(?:-r|--requirement)[\s=]+(.+)", text)
        if included and (other := (path.parent / included[1].strip()).resolve()) not in seen:
            yield from _listed(other, seen)
        elif egg := re.search(r"#egg=([\w.-]+)", line):
            yield egg[1]
        elif text and not text.startswith("-"):
            yield from _names([text])


def _declared(path: Path) -> Iterator[str]:
    """Names in the dependencies, optional ones and groups included, of a project file."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    project, poetry = _table(data, "project"), _table(_table(data, "tool"), "poetry")
    yield from _names(project.get("dependencies"))
    for group in (*_table(project, "optional-dependencies").values(), *_table(data, "dependency-groups").values()):
        yield from _names(group)
    tables = [poetry, *(group for group in _table(poetry, "group").values() if isinstance(group, dict))]
    for table in tables:
        yield from _table(table, "dependencies")


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _names(lines: Any) -> Iterator[str]:
    for line in lines if isinstance(lines, list) else ():
        try:
            yield Requirement(line).name
        except (InvalidRequirement, TypeError):
            continue
