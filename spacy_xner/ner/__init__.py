"""Entity recognition with calibrated scores: the factory `xner`, trainable on hard and soft labels."""
