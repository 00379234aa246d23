"""Distributions for others: built, checked, published."""
