"""The scripts: one flow a kind of case, and the housekeeping."""
