"""A running release: dynos behind the router."""
