"""The command line: one file per command, each of which adds its parser and acts."""
