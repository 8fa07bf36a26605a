"""Training of the embedded reader on annotated pages."""
