"""A challenger takes a share of the pages; whether it does harm is tested at every look."""
