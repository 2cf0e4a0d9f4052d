"""The commands of `infra`, a module for each group: options into a request, a result into text and an exit code.

May import `app`, `cli.output`, `cli.parser`.
"""
