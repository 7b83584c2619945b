//! A telephone network in memory.
