"""What a Vault is: tables, store, admin services, read queries and rules. Knows no screen and no job."""
