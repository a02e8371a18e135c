"""What the user wrote plus the venue's rules -> an account the engine can take, or located problems."""
