"""Decisions: pure functions over the model, without clock, randomness or storage."""
