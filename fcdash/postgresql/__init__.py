"""PostgreSQL as Django knows it, with our own way of handing out pooled connections."""
