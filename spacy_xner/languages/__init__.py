"""Language codes, scripts, language identification, and the multilingual tokenizer."""
