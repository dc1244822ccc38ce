"""Financial Connections: sessions, linked accounts, refreshes, transactions."""
