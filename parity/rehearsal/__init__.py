"""`parity run` and `parity check`: the deploy, observed and judged."""
