"""The commands beside `run` and `check`: each adds its parser, and acts."""
