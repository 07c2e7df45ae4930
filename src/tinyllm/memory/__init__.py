"""What is remembered: the window of a conversation, and what outlives it."""
