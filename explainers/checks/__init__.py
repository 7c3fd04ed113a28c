"""Checks: is an attribution right, and where does it lie?"""
