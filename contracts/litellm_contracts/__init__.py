"""Contracts that every handler of a LiteLLM proxy must keep, judged on the wire."""
