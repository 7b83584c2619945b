//! The command line.

use crate::Site;
use std::path::PathBuf;

xflags::xflags! {
    cmd server {
        /// What to serve: PORT=FOLDER.
        repeated site: Site
        /// HTTPS, with a certificate that is made once and kept in this folder.
        optional --certificate folder: PathBuf
        /// An address to open in the browser as soon as all sites are served.
        optional --open url: String
    }
}
