"""The command `infra`: parser, prompts and output over the use cases of `app`.

One module for each group of commands. May import `app`, `core`, and plain data of the rooms below for what it prints.
"""
