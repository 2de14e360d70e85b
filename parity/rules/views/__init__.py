"""What rules see in a record: tracebacks, source code, pip's output, listeners."""
