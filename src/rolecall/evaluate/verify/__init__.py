"""Holding the requirements of ADR-009 against an engine, a GPU and labels that are there."""
