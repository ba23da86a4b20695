"""Ways to sign in: one a file; `dash_app.auth` is the gate that asks the configured one."""
