"""What is stale, why, and how to fix it."""
