"""Running vLLM: launched from a plan, watched, compared with the plan, swapped, stopped."""
