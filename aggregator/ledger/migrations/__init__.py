"""How the ledger's tables came to be what `aggregator.ledger.tables` says, version by version."""
