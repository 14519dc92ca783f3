"""The stacks; docs/infrastructure.md says in which order they are deployed for the first time."""
