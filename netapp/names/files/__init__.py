"""Master files on the disk: which are zones, read again when their content is another."""
