"""The manual pages: `parity explain`."""
