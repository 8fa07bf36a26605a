"""Outputs: where records go, each its own ledger, so that a run can be continued."""
