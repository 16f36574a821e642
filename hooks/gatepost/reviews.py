"""Reviews in git: statements signed with an SSH key, checked by the server against its own list."""
