"""A release gate that lives in git: git hooks on the client, a gate on the server, a watch after the deploy."""

__version__ = "0.1.0"
