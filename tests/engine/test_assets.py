"""Hashes of assets and archives. tests/e2e/engine/test_semantics.py compares them with the official CLI's."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.values import Archive, Asset, Secret
from prefect_pulumi.engine.sdk.assets import hashed

HELLO = hashlib.sha256(b"hello").hexdigest()


def test_assets(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("hello")
    for asset in (Asset(text="hello"), Asset(path="f.txt"), Asset(uri=f"file://{tmp_path}/f.txt")):
        assert hashed({"x": [Secret(asset)]}, tmp_path)["x"][0].value.hash == HELLO
    assert hashed(Asset(hash="kept"), tmp_path).hash == "kept"
    with pytest.raises(InputError, match="cannot be read"):
        hashed(Asset(path="none.txt"), tmp_path)


def test_a_folder_and_the_same_files_by_name_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    (folder / ".pulumi").mkdir()
    (folder / ".pulumi" / "x").write_text("left out")
    (folder / "b.txt").write_text("b")
    (folder / "sub" / "a.txt").write_text("hello")
    named = Archive({"sub/a.txt": Asset(path="d/sub/a.txt"), "b.txt": Asset(text="b")})
    nested = Archive({"b.txt": Asset(text="b"), "sub": Archive(path="d/sub")})
    found = {hashed(archive, tmp_path).hash for archive in (Archive(path="d"), named, nested)}
    assert len(found) == 1
    (folder / "b.txt").write_text("c")
    assert hashed(Archive(path="d"), tmp_path).hash not in found
    assert hashed(nested, tmp_path).assets["b.txt"].hash == hashlib.sha256(b"b").hexdigest()


def test_an_archive_file_is_its_bytes_and_can_be_part_of_another(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    (tmp_path / "p.tar.gz").write_bytes(packed.getvalue())
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as zipped:
        zipped.writestr("a.txt", "hello")
    assert hashed(Archive(path="p.tar.gz"), tmp_path).hash == hashlib.sha256(packed.getvalue()).hexdigest()
    inside = {hashed(Archive({"in": Archive(path=name)}), tmp_path).hash for name in ("p.tar.gz", "p.zip")}
    assert inside == {hashed(Archive({"in/a.txt": Asset(text="hello")}), tmp_path).hash}


def test_names_that_a_header_cannot_hold(tmp_path: Path) -> None:
    long = "/".join(["folder"] * 20) + "/" + "n" * 90
    assert hashed(Archive({long: Asset(text="x")}), tmp_path).hash
    with pytest.raises(InputError, match="too long"):
        hashed(Archive({"n" * 300: Asset(text="x")}), tmp_path)
    with pytest.raises(InputError, match="neither"):
        hashed(Archive(path="none"), tmp_path)
