"""Rules about Python exceptions."""
