-- Whether the CRM has what was said: 0 if not, 1 if that was sent and nobody knows what became of it, 2 if it has.
ALTER TABLE outbox ADD COLUMN transcript INTEGER NOT NULL DEFAULT 0;
