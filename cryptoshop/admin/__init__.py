"""`cryptoshop admin`: what the people who run a venue do by command."""
