"""The same flows and the same clock on another time: years in seconds, with nothing of Prefect started."""
