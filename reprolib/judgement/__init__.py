"""What the evidence says: how close a figure is, whether an order holds, which label a claim gets."""
