"""The command `infra`: arguments, terminal, exit codes; wires the other rooms together."""
