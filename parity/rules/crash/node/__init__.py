"""Rules about errors of Node.js."""
