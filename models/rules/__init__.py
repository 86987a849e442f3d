"""Field rules: compiled once per run, then evaluated record by record without touching the database."""
