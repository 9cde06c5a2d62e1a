"""The commands: lock the case, read it whole, decide purely, write once. All take an open write transaction."""
