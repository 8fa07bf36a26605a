"""Choosing an engine by evidence: floors, a weighted matrix, its sensitivity, a decision record."""
