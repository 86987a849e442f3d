"""What each form asks for: its fields, their labels and the help beside them."""
