"""The units of work that flows call and operators see."""
