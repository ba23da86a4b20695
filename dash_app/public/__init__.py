"""The page that needs no sign-in: plain HTML made on the server, without Dash, callbacks and names."""
