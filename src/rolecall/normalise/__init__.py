"""From a wording on the page to a value: pure finders that never raise on any string."""
