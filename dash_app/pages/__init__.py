"""One page a module: `PATH`, `TITLE`, `layout(context)` and `register(app, queries)`."""
