"""How rows are built, trained and measured, one module a family of models."""
