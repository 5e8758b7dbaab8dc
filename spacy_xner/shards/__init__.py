"""Large corpora in shards: rows of sentence pairs, stateless steps on lists of rows, settings of steps."""
