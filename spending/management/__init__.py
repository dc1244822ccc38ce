"""Management of the spending app."""
