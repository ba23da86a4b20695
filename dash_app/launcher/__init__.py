"""What people start and stop through the hub: one application is one server, and one server is one batch job."""
