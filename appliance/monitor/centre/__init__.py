"""A model of an emergency centre, and the traffic for it: pure, deterministic by seed, events out as the monitor wants them."""
