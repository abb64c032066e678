"""Order streams that the field measures itself on, made from their published descriptions."""
