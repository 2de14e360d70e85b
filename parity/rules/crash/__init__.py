"""Rules about commands that ended, by what the shell, the server or the app printed."""
