"""What the Makefile calls beside the application: set-up and checks."""
