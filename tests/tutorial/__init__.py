"""The examples of the tutorial pages, run for real, and the pages themselves."""
