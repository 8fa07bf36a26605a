"""Engines: the ways of reaching a model that completes prompts."""
