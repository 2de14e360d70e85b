"""Masking: the values of config vars are replaced by their names before anything is shown."""
