"""Broken files: what is no YAML, or no mapping."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "empty file": (
        "",
        [
            "line 1: the file is empty",
        ],
    ),
    "only a comment": (
        "# nothing yet\n",
        [
            "line 1: the file is empty",
        ],
    ),
    "a list": (
        "- name: a\n",
        [
            "line 1: it must be a mapping of keys to values, not a list; begin with `deployments:`",
        ],
    ),
    "a single value": (
        "orders\n",
        [
            "line 1: it must be a mapping of keys to values, not a single value; begin with `deployments:`",
        ],
    ),
    "open bracket": (
        "deployments: [\n",
        [
            "line 2, column 1: while parsing a flow node: did not find expected node content; is the indentation right, and every bracket and quote closed?",
        ],
    ),
    "tab": (
        "deployments:\n\t- name: a\n",
        [
            "line 2, column 1: while scanning for the next token: found character that cannot start any token; indent with spaces, not with tabs, and put a text that begins with @, ` or % in quotes",
        ],
    ),
    "colon in a text": (
        "description: daily: orders\ndeployments: []\n",
        [
            "line 1, column 19: mapping values are not allowed in this context; put a text that holds a colon in quotes",
        ],
    ),
    "open quote": (
        "name: 'orders\ndeployments: []\n",
        [
            "line 3, column 1: while scanning a quoted scalar: found unexpected end of stream; is the indentation right, and every bracket and quote closed?",
        ],
    ),
    "unknown anchor": (
        "deployments: *all\n",
        [
            "line 1, column 14: found undefined alias; an anchor (&name) must stand above its alias (*name)",
        ],
    ),
    "anchor that holds itself": (
        "definitions: &all [*all]\n",
        [
            "line 1: definitions[0]: the anchor holds itself",
        ],
    ),
    "key twice": (
        ORDERS + "  tags: [a]\n  tags: [b]\n",
        [
            "line 6: deployments[0].tags: the key is here twice (first: line 5)",
        ],
    ),
    "template without quotes": (
        ORDERS + "  version: {{ $VERSION }}\n",
        [
            "line 5: deployments[0].version: put a text that begins with {{ in quotes",
        ],
    ),
    "unknown tag": (
        "name: !env NAME\n",
        [
            "line 1, column 7: could not determine a constructor for the tag '!env'",
        ],
    ),
    "key that is no text": (
        "1: one\ndeployments: []\n",
        [
            "line 1: a key that is not a text; put it in quotes",
        ],
    ),
}
