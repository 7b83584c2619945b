//! The providers whose cloud an emulator stands in for, in demos and tests.

#[cfg(test)]
mod tests;

/// What a provider needs to run on this machine. In its texts `{cloud}` and `{signal}` are ports of the emulator, and
/// `{workspace}` is where this repository is.
pub(crate) struct Provider {
    /// As the gateway calls it. The app over it is `softphone-NAME`, its emulator `cordboard-NAME-emulator`.
    pub(crate) name: &'static str,
    /// Where the app's page connects to.
    pub(crate) connect: &'static [&'static str],
    /// The emulator's arguments, but for where webhooks go and its first port.
    pub(crate) arguments: &'static [&'static str],
    /// The gateway's keys for it.
    pub(crate) keys: &'static str,
    /// What the emulator answers to, which stands in its `CloudConfig::for_tests`: an account that exists nowhere.
    pub(crate) secrets: &'static [(&'static str, &'static str)],
    /// What the user must know.
    pub(crate) note: &'static str,
}

/// One for each provider with an emulator: another is a line of the workspace's manifest, its app, and an entry here.
pub(crate) static ALL: [Provider; 2] = [
    Provider {
        name: "twilio",
        connect: &["wss://127.0.0.1:{signal}"],
        arguments: &["--signal-port", "{signal}"],
        keys: "sdk_options = '{\"chunderw\":\"127.0.0.1:{signal}\",\"publishEvents\":false}'\n",
        secrets: &[
            ("ACCOUNT_SID", "AC00000000000000000000000000000001"),
            ("AUTH_TOKEN", "not-a-secret-auth-token"),
            ("API_KEY_SID", "SK00000000000000000000000000000001"),
            ("API_KEY_SECRET", "not-a-secret-api-key-secret-of-32"),
        ],
        note: "An emulator stands in for Twilio: open https://127.0.0.1:{signal}/ once and accept its certificate, for the \
               voice SDK connects by TLS only.",
    },
    Provider {
        name: "vonage",
        connect: &["http://127.0.0.1:{cloud}", "ws://127.0.0.1:{cloud}"],
        arguments: &[],
        keys: "application_id = \"00000000-0000-4000-8000-000000000001\"\n\
               private_key_file = \"{workspace}/providers/vonage/emulator/src/key.pem\"\n\
               hold_music_url = \"https://calls.example.com/music.mp3\"\n\
               sdk_options = '{\"apiUrl\":\"http://127.0.0.1:{cloud}\",\"websocketUrl\":\"http://127.0.0.1:{cloud}\"}'\n",
        secrets: &[
            ("API_KEY", "a1b2c3d4"),
            ("API_SECRET", "not-a-secret-api-secret"),
            ("SIGNATURE_SECRET", "not-a-secret-signature-secret-of-some-length"),
        ],
        note: "An emulator stands in for Vonage. The page's sound runs through Vonage's own client SDK, which npm installed \
               for this demo under Vonage's licence.",
    },
];

impl Provider {
    /// The app over it.
    pub(crate) fn app(&self) -> String {
        format!("softphone-{}", self.name)
    }

    /// The package of its emulator, and the program in it.
    pub(crate) fn emulator(&self) -> String {
        format!("cordboard-{}-emulator", self.name)
    }

    /// Where its browser tests lie.
    pub(crate) fn browser_tests(&self) -> String {
        format!("providers/{}/e2e", self.name)
    }
}
