"""Rules about Node.js errors."""
