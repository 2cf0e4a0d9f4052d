"""Values that flows read at run time: variables, JSON blocks, Secret blocks."""

import pulumi

from prefect_pulumi.components import Environment, secret_value
from prefect_pulumi.resources import JsonBlock, SecretBlock, Variable


def declare_blocks(environment: Environment, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """One resource for each entry of the stack's config, under the entry's own name."""
    return [
        *(
            Variable(name, opts, value=settings.value, tags=settings.tags)
            for name, settings in environment.variables.items()
        ),
        *(JsonBlock(name, opts, value=value) for name, value in environment.json_blocks.items()),
        *(
            SecretBlock(name, opts, value=secret_value(name, settings))
            for name, settings in environment.secrets.items()
        ),
    ]
