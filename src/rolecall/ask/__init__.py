"""What an engine is asked about a page, and what its answer says."""
