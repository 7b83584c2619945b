//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

xflags::xflags! {
    /// Builds, runs and tests Cordboard.
    cmd xtask {
        /// Builds an app into dist/NAME, ready for a static host.
        cmd build {
            /// Which app; `softphone` without it.
            optional --app name: String
            /// The workspace that the app is in, if it is not this one.
            optional --path folder: PathBuf
            /// As small and fast as it gets; takes minutes.
            optional --release
            /// A CRM origin that may embed the app, besides HubSpot's own, such as http://localhost:*
            repeated --allow-host pattern: String
            /// The gateway of an app over one, if it does not serve the app itself, such as https://calls.example.com
            optional --gateway origin: String
        }
        /// Serves dist/NAME on this machine, over HTTPS with a certificate of its own.
        cmd serve {
            /// Which app; `softphone` without it.
            optional --app name: String
            /// The workspace that the app is in, if it is not this one.
            optional --path folder: PathBuf
            /// Port; 9025 without it.
            optional --port port: u16
            /// Plain HTTP.
            optional --http
        }
        /// Opens a CRM page with the widget in it, and a telephone network that is only simulated.
        cmd demo {
            /// The CRM's port; 9000 without it. The next three are used, too.
            optional --port port: u16
            /// Leaves the browser alone.
            optional --no-open
            /// Which app, over the mock or a provider of its own; `softphone` without it.
            optional --app name: String
            /// The workspace that the app is in, if it is not this one.
            optional --path folder: PathBuf
            /// What carries the calls: `mock`, in the page, without it; `gateway`, a server with the mock in it; `twilio` or
            /// `vonage`, a server with an emulator in the provider's place; or the NAME of a crate gateway-NAME, with its service
            /// for development.
            optional --provider name: String
        }
        /// Writes a provider of your own that works, an app over it, and a service to develop against.
        cmd new-provider {
            /// Its name, such as `my-pbx`.
            required name: String
            /// The page itself holds the line, over a socket to your service; so it is without either.
            optional --browser
            /// A gateway holds the lines, over your service's REST API and webhooks, and keeps your secrets.
            optional --server
            /// A workspace of its own in a new folder, and not this one.
            optional --path folder: PathBuf
        }
        /// Builds the guide into target/book.
        cmd book {
            /// Opens it.
            optional --open
        }
        /// Runs every test, native and in Chromium.
        cmd test {}
        /// Runs what a change must pass: format, lints, docs, licences, tests.
        cmd ci {}
        /// The part of it that runs beside the tests: lints for the browser, docs, licences, size.
        cmd ci-rest {}
        /// Builds an app for release, checks all that can be checked, and lets users have it. Like the next six, it has a --help of its own.
        cmd publish { repeated arguments: OsString }
        /// Returns to an earlier release.
        cmd rollback { repeated arguments: OsString }
        /// What was released, and what users get.
        cmd releases { repeated arguments: OsString }
        /// How HubSpot shows an app: get, diff, put, delete.
        cmd settings { repeated arguments: OsString }
        /// Where HubSpot finds recordings: get, diff, put.
        cmd recording { repeated arguments: OsString }
        /// Which numbers HubSpot's help desk can connect: get, diff, put, delete.
        cmd channel { repeated arguments: OsString }
        /// What to paste into a HubSpot page to try a widget on this machine.
        cmd dev-snippet { repeated arguments: OsString }
        /// Builds an app for release and fails when it is over its budget.
        cmd size {
            /// Which app; without it `softphone`, and how much more the sound in the page makes `softphone-twilio`.
            optional --app name: String
        }
        /// Measures; wants a machine that does nothing else.
        cmd bench {
            /// How fast an app loads in HubSpot's own host class.
            default cmd page {
                /// Which app; `softphone` without it.
                optional --app name: String
                /// Loads of each page, with and without a cache; 9 without it.
                optional --runs count: u32
            }
            /// The gateway under load, beside `ws` and socket.io; fails when it misses a limit.
            cmd load {}
        }
    }
}
