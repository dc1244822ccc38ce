"""What people see of the sandbox at `/`: reads for the pages, kept away from the API's connection."""
