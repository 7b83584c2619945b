-- Times are milliseconds since the epoch. `call` is the provider's id.

-- The backend's facts, in the order in which they became durable.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  call TEXT NOT NULL,
  at INTEGER NOT NULL,
  is_last INTEGER NOT NULL,
  body TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_by_call ON entries (call, id);
CREATE INDEX entries_by_age ON entries (recorded_at);

-- Calls whose entries are applied again after a start: those that go on, and those that are over and whose last events may not be
-- in `events` yet.
CREATE TABLE open_calls (
  call TEXT PRIMARY KEY,
  touched_at INTEGER NOT NULL,
  is_over INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One numbering of events for each agent.
CREATE TABLE streams (
  agent TEXT PRIMARY KEY,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  agent TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  call TEXT NOT NULL,
  call_sequence INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (agent, sequence),
  UNIQUE (agent, call, call_sequence)
) STRICT;
CREATE INDEX events_by_age ON events (recorded_at);

-- Each agent's calls as their events tell them. `body` is the call as JSON.
CREATE TABLE calls (
  agent TEXT NOT NULL,
  call TEXT NOT NULL,
  key TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (agent, call)
) STRICT;
CREATE INDEX calls_by_start ON calls (agent, started_at);
CREATE INDEX calls_by_key ON calls (agent, key) WHERE key IS NOT NULL;
CREATE INDEX calls_by_end ON calls (ended_at);

-- Wishes to call, for the ceilings: each key counts once.
CREATE TABLE dials (
  agent TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (agent, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dials_by_age ON dials (at);

-- Tokens stand here only as their SHA-256.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  refresh_hash BLOB NOT NULL,
  previous_hash BLOB,
  rotated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_agent ON sessions (agent);
CREATE INDEX sessions_by_age ON sessions (expires_at);

CREATE TABLE probes (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;

-- Whether each agent takes inbound calls, for after a start.
CREATE TABLE availability (
  agent TEXT PRIMARY KEY,
  available INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
