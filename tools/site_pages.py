"""What MkDocs does with the pages of docs/, which are written for the forge, when it builds the site.

MkDocs calls the functions by their names: https://www.mkdocs.org/dev-guide/plugins/#events
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s:#]+)(?:#[^)\s]*)?\)")
EXAMPLES = re.compile(r"(?:^```(?:python|yaml|typescript)\n.*?^```\n\n?){3}", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(r"^```(python|yaml|typescript)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
TITLES = {"python": "Python", "yaml": "YAML", "typescript": "TypeScript"}


def on_config(config: Any) -> Any:
    """The navigation's part `Kinds` lists the generated pages of docs/reference that no other part names."""
    kinds = next(part["Kinds"] for top in config.nav for part in next(iter(top.values())) if "Kinds" in part)
    named = Path(config.config_file_path).read_text("utf-8")
    for path in sorted((Path(config.docs_dir) / "reference").glob("*.md")):
        if f"reference/{path.name}" not in named:
            kinds.append(f"reference/{path.name}")
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links to files of the repository that are no part of the site become text; an example in three languages
    becomes tabs."""
    source = Path(page.file.abs_src_path).parent
    docs = Path(config.docs_dir).resolve()

    def is_outside(link: str) -> bool:
        target = (source / link).resolve()
        if not target.exists():
            return False  # a broken link, which MkDocs reports
        if not target.is_relative_to(docs):
            return True
        found = files.get_file_from_path(target.relative_to(docs).as_posix())
        return found is None or found.inclusion.is_excluded()

    return EXAMPLES.sub(tabs, LINK.sub(as_text(is_outside), markdown))


def as_text(is_outside: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    return lambda match: match[1] if is_outside(match[2]) else match[0]


def tabs(match: re.Match[str]) -> str:
    """Three code blocks, each in a tab (the syntax of pymdownx.tabbed)."""
    parts = []
    for language, code in EXAMPLE.findall(match[0]):
        block = f"```{language}\n{code}```".splitlines()
        parts.append("\n".join([f'=== "{TITLES[language]}"', "", *(f"    {line}".rstrip() for line in block)]))
    return "\n\n".join(parts) + "\n\n"
