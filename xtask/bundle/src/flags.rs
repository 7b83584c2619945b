//! The command line.

use crate::gateway::Gateway;
use crate::hosts::HostPattern;
use std::path::PathBuf;

xflags::xflags! {
    cmd bundle {
        /// The app's module, as cargo built it.
        required --wasm path: PathBuf
        /// The page's template.
        required --page path: PathBuf
        /// The folder to write. What it held is removed.
        required --out path: PathBuf
        /// The page's title.
        required --title title: String
        /// A style sheet of the app's own, whose rules win over the page's.
        optional --theme path: PathBuf
        /// The script of the provider's voice SDK, which the page loads when it first needs it. Needs --esbuild.
        optional --media path: PathBuf
        /// Where the page may connect to, besides its own origin.
        repeated --connect source: String
        /// The gateway of the page, if that is not where the page comes from, such as https://calls.example.com
        optional --gateway origin: Gateway
        /// The page is a CRM: it embeds widgets, and nothing embeds it.
        optional --crm
        /// A CRM origin that may embed the app, besides HubSpot's own.
        repeated --allow-host pattern: HostPattern
        /// Keeps each file in brotli and gzip, too.
        optional --compress
        /// binaryen's wasm-opt, to make the module smaller. What only people read is left out of it, too.
        optional --wasm-opt path: PathBuf
        /// esbuild, to make the page smaller.
        optional --esbuild path: PathBuf
    }
}
