"""What readers see: tables and figures."""
