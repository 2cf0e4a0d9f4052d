"""Files of the project that is refused."""

from __future__ import annotations

SALT = "v1:9CaZ9QUGd8o=:v1:4NxIZvBLMYf2DNWD:2eKYM/pIjKMvBuiHHI9bLd0tR18V6w=="
STACK_FILE = f"encryptionsalt: {SALT}\nconfig:\n  p:environment:\n    server: {{api_url: 'http://127.0.0.1:9/api'}}\n"
PROGRAM = "from prefect_pulumi.components import load_environment\nload_environment()\n"
