"""What an administrator can do, one module per area. Every function takes the write transaction and the actor."""
