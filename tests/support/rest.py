"""The tests' own requests to a Prefect server, asked again while it is busy."""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any


def call(api: str, method: str, path: str, body: Any = None) -> Any:
    """One request; the answer's JSON, None when it is empty. `PREFECT_API_AUTH_STRING` counts. Raises
    `urllib.error.HTTPError`."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if auth := os.environ.get("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
    request = urllib.request.Request(f"{api}{path}", data, headers, method=method)
    for pause in (0.2, 0.5, 1.0, 2.0, None):  # a busy SQLite server answers 503
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 503 or pause is None:
                raise
            time.sleep(pause)
        else:
            break
    return json.loads(text) if text else None
