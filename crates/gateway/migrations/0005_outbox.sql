-- The CRM's records of calls, as the widgets of their agents reported them.
CREATE TABLE engagements (
  agent TEXT NOT NULL,
  call TEXT NOT NULL,
  engagement TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (agent, call)
) STRICT, WITHOUT ROWID;
CREATE INDEX engagements_by_call ON engagements (call);
CREATE INDEX engagements_by_age ON engagements (at);

-- Calls that are over, and what the CRM is still to be told of them. With a time it is due then; without one, it is done, or, if there is
-- a problem, waits for an operator.
CREATE TABLE outbox (
  call TEXT PRIMARY KEY,
  ended_at INTEGER NOT NULL,
  due_at INTEGER,
  -- Counts what there was to tell, so that what came meanwhile is not taken for told.
  revision INTEGER NOT NULL DEFAULT 0,
  -- How often it failed since it last succeeded.
  attempts INTEGER NOT NULL DEFAULT 0,
  -- The record that the gateway made or, without a widget's report, found.
  engagement TEXT,
  made INTEGER NOT NULL DEFAULT 0,
  -- When it last began to make one, as long as it does not know what became of that.
  tried_at INTEGER,
  -- Whether the CRM knows that the recording is ready.
  ready INTEGER NOT NULL DEFAULT 0,
  problem TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_age ON outbox (ended_at);

-- Calls that belong to another, as a consultation does, so that the CRM hears nothing of them.
CREATE TABLE quiet (
  call TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX quiet_by_age ON quiet (at);

-- The CRM knows calls by their own names, or by those of the wishes that began them.
CREATE INDEX calls_by_id ON calls (call);
CREATE INDEX calls_by_wish ON calls (key) WHERE key IS NOT NULL;
