"""Imports httpx without what it would bring along: its own command line, and a second event loop where there is one.

Some 130 modules that nothing here uses: a few megabytes, and the time to read them.
"""

from __future__ import annotations

import sys

_UNUSED = ("click", "trio")


def load_httpx() -> None:
    """Call it before there are threads: another one that imports these modules meanwhile would not find them."""
    if "httpx" in sys.modules:
        return
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: not there, says the import system
    try:
        import httpx  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
