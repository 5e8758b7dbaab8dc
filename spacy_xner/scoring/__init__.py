"""Precision, recall, F1 and calibration error of entities, by language and label."""
