"""Everything that talks to Prefect. No other package of the product knows it, but for the flows' decorator."""
