"""What is said to a question: the walk of RFC 1034 section 4.3.2, addresses beside it, and proofs."""
