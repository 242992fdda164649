"""The commands of the desk, one module a command."""
