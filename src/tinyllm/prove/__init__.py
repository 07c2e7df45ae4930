"""Proofs that a user can run: what TinyLLM promises, tried until it breaks or does not."""
