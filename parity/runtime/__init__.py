"""A release kept running: dynos behind the router."""
