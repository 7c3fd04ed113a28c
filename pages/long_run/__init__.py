"""The parts of the Many page: one question of all inputs of a file, and what the answers say."""
