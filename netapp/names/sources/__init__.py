"""Where names come from: the operator's own records, hosts files, this host, zones; and their shelves."""
