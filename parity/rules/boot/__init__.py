"""Rules about a web process that does not bind $PORT."""
