"""Rules about memory, SIGTERM and the files that are lost with a dyno."""
