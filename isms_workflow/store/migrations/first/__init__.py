"""The tables of the first release, table by table."""
