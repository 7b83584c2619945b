-- Until when a session may be renewed at all; no end where there is none.
ALTER TABLE sessions ADD COLUMN until INTEGER;

-- Agents who are in no directory, because whoever the identity provider vouches for is one.
CREATE TABLE vouched (
  agent TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
