"""Writers of a report: each turns the one result model into a format, and knows nothing else."""
