"""Growing graphs."""
