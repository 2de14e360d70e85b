"""Rules about requests and their answers."""
