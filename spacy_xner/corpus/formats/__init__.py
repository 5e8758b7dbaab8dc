"""File formats of labelled text: a reader for each, which names file and line of a mistake, and writers."""
