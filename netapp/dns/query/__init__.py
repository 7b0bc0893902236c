"""A query's octets to its answer's: remembered, made from a form, or looked up and rendered."""
