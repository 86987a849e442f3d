"""One screen per area of administration."""
