"""Hashes of assets and archives, as the official engine computes them: both engines must see the same content."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.values import Archive, Asset, Secret

ARCHIVE_FILES = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
BOOKKEEPING = ".pulumi"
BLOCK = 512


def hashed(value: Any, directory: Path) -> Any:
    """`value` with the SHA-256 of each asset and archive in it; relative paths start at `directory`."""
    if isinstance(value, Asset):
        return value if value.hash else replace(value, hash=hashlib.sha256(_content(value, directory)).hexdigest())
    if isinstance(value, Archive):
        assets = value.assets and {name: hashed(item, directory) for name, item in value.assets.items()}
        return replace(value, assets=assets, hash=value.hash or _archive_hash(value, directory))
    if isinstance(value, Secret):
        return Secret(hashed(value.value, directory))
    if isinstance(value, Mapping):
        return {key: hashed(item, directory) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hashed(item, directory) for item in value]
    return value


def _content(asset: Asset, directory: Path) -> bytes:
    if asset.text is not None:
        return asset.text.encode()
    if asset.path is not None:
        return _read(directory / asset.path)
    return _fetch(asset.uri or "")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"an asset cannot be read: {error.strerror}", where=str(path)) from error


def _fetch(uri: str) -> bytes:
    if uri.startswith("file://"):
        return _read(Path(uri.removeprefix("file://")))
    import httpx

    try:
        answer = httpx.get(uri, follow_redirects=True)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(f"an asset cannot be fetched: {error}", where=uri) from error
    return answer.content


def _archive_hash(archive: Archive, directory: Path) -> str:
    """Of an archive file its bytes; of a folder or a map a plain tar of its files, each name once."""
    source = archive.path or archive.uri or ""
    if source.endswith(ARCHIVE_FILES):
        data = _read(directory / source) if archive.path else _fetch(source)
        return hashlib.sha256(data).hexdigest()
    digest = hashlib.sha256()
    seen: set[str] = set()
    for name, data in _members(archive, directory):
        if name not in seen:
            seen.add(name)
            digest.update(_tar_header(name, len(data)))
            digest.update(data)
            digest.update(bytes(-len(data) % BLOCK))
    digest.update(bytes(2 * BLOCK))
    return digest.hexdigest()


def _members(archive: Archive, directory: Path) -> Iterator[tuple[str, bytes]]:
    if archive.assets is not None:
        for name in sorted(archive.assets):
            item = archive.assets[name]
            if isinstance(item, Archive):
                yield from ((f"{name}/{inner}", data) for inner, data in _members(item, directory))
            else:
                yield name, _content(item, directory)
    elif (archive.path or archive.uri or "").endswith(ARCHIVE_FILES):
        source = archive.path or archive.uri or ""
        yield from _unpacked(source, _read(directory / source) if archive.path else _fetch(source))
    else:
        root = directory / (archive.path or "")
        if not root.is_dir():
            raise InputError("the archive is neither a file nor a folder", where=str(root))
        for path in _walk(root):
            yield path.relative_to(root).as_posix(), _read(path)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder in the order of their names; links to folders are left out."""
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        if entry.name == BOOKKEEPING:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif not (entry.is_symlink() and entry.is_dir()):
            yield Path(entry.path)


def _unpacked(source: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    import tarfile
    import zipfile

    if source.endswith((".zip", ".jar")):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            yield from ((name, packed.read(name)) for name in packed.namelist() if not name.endswith("/"))
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as packed_tar:
        for member in packed_tar:
            file = packed_tar.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def _tar_header(name: str, size: int) -> bytes:
    """The header of one file in a ustar archive (mode 0600, no owner, no time), as Go's archive/tar writes it."""
    encoded = name.encode()
    prefix = b""
    if len(encoded) > 100:
        cut = encoded.rfind(b"/", 0, 156)
        prefix, encoded = encoded[:cut], encoded[cut + 1 :]
        if cut < 1 or len(encoded) > 100:
            raise InputError("the file's name is too long for an archive", where=name)
    fields = [
        encoded.ljust(100, b"\0"),
        b"0000600\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        b"0",
        bytes(100),
        b"ustar\x0000",
        bytes(32),
        bytes(32),
        b"0000000\0",
        b"0000000\0",
        prefix.ljust(155, b"\0"),
        bytes(12),
    ]
    header = b"".join(fields)
    checksum = b"%06o\0 " % sum(header)
    return header[:148] + checksum + header[156:]
