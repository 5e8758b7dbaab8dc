"""Studies: arms that differ in what they learn from, trained with several seeds and scored alike."""
