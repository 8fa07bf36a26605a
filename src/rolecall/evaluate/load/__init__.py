"""Load on an engine or on the whole pipeline, and the figures of it."""
