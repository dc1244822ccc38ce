"""What the sandbox's banks have in their books: rows made day by day, always the same ones."""
