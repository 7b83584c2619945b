//! The server that keeps an account's secrets and its agents' calls.
