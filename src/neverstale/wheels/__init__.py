"""Distributions as values; how they are built, what a build reads, and where wheels are kept."""
