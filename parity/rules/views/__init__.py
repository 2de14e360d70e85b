"""Views of a record that several rules use: tracebacks, source code, pip's output, listeners."""
