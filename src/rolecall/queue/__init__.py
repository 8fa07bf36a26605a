"""A durable queue of pages: what is accepted gives exactly one record, whatever dies meanwhile."""
