"""Commands of the spending app."""
