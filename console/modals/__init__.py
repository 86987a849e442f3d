"""What opens over a screen: pick lists, forms, questions, help."""
