"""MDL: integration rules as text, exported and imported (integration facts, section 2)."""
