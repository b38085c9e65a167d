"""Overload monitoring at work: fed live, shown, configured. The monitors themselves are in `appliance.monitor`."""
