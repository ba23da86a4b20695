"""Small builders of page parts: read model in, Dash component out."""
