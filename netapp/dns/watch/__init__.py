"""What is counted, limited and written down of the name service's work."""
