//! The command line.

use std::path::PathBuf;

xflags::xflags! {
    /// Measures the gateway beside its peers, and fails when it misses a limit.
    cmd cordboard-load {
        /// The gateway's program.
        required --gateway path: PathBuf
        /// A folder on the disk that is measured, for journals.
        required --folder path: PathBuf
        /// Where the peers' scripts are.
        required --peers path: PathBuf
        /// How many sockets; 10000 without it.
        optional --sockets count: usize
        /// How many events go to every socket, and how many orders of each are answered; 30 without it.
        optional --rounds count: u64
    }
}
