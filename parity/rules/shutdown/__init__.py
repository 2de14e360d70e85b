"""Rules about memory, SIGTERM and what a dyno leaves behind."""
