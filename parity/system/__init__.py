"""This machine: signals, errors, temporary folders, bounded logs."""
