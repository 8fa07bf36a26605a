"""Labelling in the terminal: an extraction is corrected into what is right for its page."""
