"""Rules about the pushed tree, the plan and the Procfile."""
