"""Named SQL statements: each answers one question, and runs nothing itself."""
