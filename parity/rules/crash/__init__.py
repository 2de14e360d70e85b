"""Rules about commands that end: what the shell, the server or the app said."""
