"""Studies: plans, runs, records, and the statistics that compare arms."""
