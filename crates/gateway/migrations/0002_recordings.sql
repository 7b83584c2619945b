-- What signs the links to recordings, if the operator gave no key.
CREATE TABLE recording_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL
) STRICT;
