"""What moves: the send, deliver and receive stages, the job engine, the lab clock and signing."""
