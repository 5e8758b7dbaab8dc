"""Knowledge distillation: soft labels of teacher pipelines, and training corpora with them."""
