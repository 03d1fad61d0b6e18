"""Decisions: pure functions over the model. No clock is read, nothing is drawn, nothing is stored here."""
