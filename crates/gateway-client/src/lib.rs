//! An agent's line over a gateway's socket.
