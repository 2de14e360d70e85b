"""The version of parity."""

__version__ = "0.1.0"
