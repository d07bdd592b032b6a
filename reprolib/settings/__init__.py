"""All that can be set, with its limits. Nothing here needs torch, so that rows can be listed at once."""
