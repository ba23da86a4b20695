"""The REST API `/api/v1`: what the pages show, for scripts. One resource a file; `catalogue` names them all."""
