"""Job postings to validated JSON in which every value points to its evidence on the page."""
