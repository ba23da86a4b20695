"""What people see: the web app. It asks `aggregator.queries` and draws; it computes no figure of its own."""
