-- The accounts that installed the app, with their tokens: encrypted by a key that is not here, but named.
CREATE TABLE portals (
  portal INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  sealed BLOB NOT NULL,
  installed_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
