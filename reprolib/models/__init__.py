"""The models, each a short configuration of networks and relational blocks."""
