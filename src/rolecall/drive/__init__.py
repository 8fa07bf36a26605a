"""Engines at work: opened, spoken to, paid for; they carry ladders to their ends."""
