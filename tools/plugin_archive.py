"""The archive that `pulumi plugin install` takes: the provider as a plugin whose runtime is Python.

    python -m tools.plugin_archive OUT_DIR

Writes `pulumi-resource-prefect-v<version>-<os>-<arch>.tar.gz` for each platform, all of the same content: the package's
wheel, what starts it, and `PulumiPlugin.yaml`. The CLI makes a virtual environment of it when it is installed.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from prefect_pulumi.provider.schema import version

ROOT = Path(__file__).parents[1]
PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
PROJECT = """\
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: venv
"""
MAIN = """\
import sys

from prefect_pulumi.provider.rpc.main import main

sys.exit(main())
"""


def archive_files(wheel: Path) -> dict[str, bytes]:
    """Name in the archive -> content."""
    return {
        "PulumiPlugin.yaml": PROJECT.encode(),
        "__main__.py": MAIN.encode(),
        "requirements.txt": f"./{wheel.name}\n".encode(),
        wheel.name: wheel.read_bytes(),
    }


def write_archives(wheel: Path, out: Path) -> list[Path]:
    """One archive for each platform."""
    paths = []
    for platform in PLATFORMS:
        path = out / f"pulumi-resource-prefect-v{version()}-{platform}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in archive_files(wheel).items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
        paths.append(path)
    return paths


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "--wheel-dir", folder, str(ROOT)], check=True)
        [built] = Path(folder).glob("*.whl")
        wheel = out / built.name
        wheel.write_bytes(built.read_bytes())
    for path in [wheel, *write_archives(wheel, out)]:
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
