"""Charts as pure functions: read model in, plotly figure out."""
