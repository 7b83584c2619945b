use super::{Config, FromText as _, Issuer, Keys, LogFormat, Problems, Strategy};
use cordboard::telephony::Fallback;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const EXAMPLE: &str = include_str!("../../cordboard.example.toml");
const SMALLEST: &str = "[server]\npublic_url = \"https://calls.example.com/\"\n[policy]\nregions = [\"US\"]\n";

/// The keys of the providers that the program has built in, which reads them itself.
const PROVIDER: [&str; 23] = [
    "kind",
    "webhook_secret",
    "account_sid",
    "api_key_sid",
    "api_key_secret",
    "auth_token",
    "webhook_shared_key",
    "region",
    "edge",
    "default_caller_id",
    "wait_url",
    "ring_seconds",
    "rejoin_seconds",
    "token_seconds",
    "api_url",
    "sdk_options",
    "application_id",
    "private_key_file",
    "private_key",
    "api_key",
    "api_secret",
    "signature_secret",
    "hold_music_url",
];

fn read(text: &str) -> Result<Config, Problems> {
    Config::from_toml(text, "/etc/cordboard")
}

fn problems(text: &str) -> Vec<String> {
    read(text).unwrap_err().0.iter().map(ToString::to_string).collect()
}

/// The example with the lines taken out of their comments that start with `mark`.
fn uncommented(mark: &str) -> String {
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        let code = line
            .strip_prefix(mark)
            .filter(|code| code.starts_with(|first: char| first.is_ascii_lowercase() || first == '['));
        text += code.unwrap_or(line);
        text += "\n";
    }
    text
}

fn keys(text: &str) -> Keys {
    let mut keys = Keys::from_toml(text, "").unwrap();
    let _ = Config::read(&mut keys);
    for key in PROVIDER {
        keys.optional::<String>(&format!("provider.{key}"));
    }
    keys
}

#[test]
fn the_example_is_a_configuration() {
    keys(EXAMPLE).finish().unwrap();
    keys(&uncommented("#")).finish().unwrap();
}

#[test]
fn the_example_documents_every_key() {
    // The other ways to fall back are commented out twice, because one of them is enough.
    let text = uncommented("#").replace("\n##", "\n");
    let keys = keys(&text);
    let documented: BTreeSet<String> =
        text.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.to_owned()).collect();
    let known: BTreeSet<String> = keys.known().filter_map(|key| key.rsplit('.').next()).map(str::to_owned).collect();
    assert_eq!(documented, known);
}

#[test]
fn the_example_tells_the_defaults() {
    let with = format!("{:?}", {
        let mut keys = keys(&uncommented("#"));
        Config::read(&mut keys).unwrap()
    });
    for field in ["sessions: ", "reconcile: ", "log: "] {
        let of = |text: &str| {
            let start = text.split_once(field).unwrap().1;
            start.split_once('}').unwrap().0.to_owned()
        };
        assert_eq!(of(&with), of(&format!("{:?}", read(SMALLEST).unwrap())), "{field}");
    }
}

#[test]
fn the_smallest_has_defaults() {
    let config = read(SMALLEST).unwrap();
    assert_eq!(config.server.public_url.as_str(), "https://calls.example.com");
    assert_eq!(config.server.public_url.origin(), "https://calls.example.com");
    assert_eq!(config.sessions.access, Duration::from_secs(900));
    assert_eq!(config.policy.calls_at_once, 1);
    assert_eq!(config.journal.file, std::path::Path::new("/etc/cordboard/cordboard.db"));
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(matches!(config.other_calls.fallback, Fallback::Goodbye(_)));
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let text = "\
[server]
listen = \"here\"
tls_key = \"key.pem\"
[socket]
ping = \"2h\"
burst = 0
orgins = []
origins = [\"https://a.example.com\", \"https://B.example.com\"]
[sessions]
single = \"maybe\"
[journal]
keep = \"1d\"
busy = \"5\"
[policy]
regions = [\"US\", \"XX\"]
[[routes]]
number = \"617\"
strategy = \"loudest\"
voicemail = \"Speak.\"
goodbye = \"Bye.\"
[log]
filter = \"=\"
format = [\"json\"]
";
    assert_eq!(
        problems(text),
        [
            "server.listen: \"here\" is not an address and a port, such as 127.0.0.1:8080",
            "server.public_url: it is missing: give an address such as https://calls.example.com, without query and fragment",
            "server.tls_certificate: it is missing: server.tls_key is given",
            "socket.origins: \"https://B.example.com\" is not an origin such as https://example.com",
            "socket.ping: it must be more than nothing and less than socket.idle",
            "socket.burst: it must be at least 1",
            "sessions.single: \"maybe\" is not true or false",
            "journal.busy: \"5\" is not a time such as 500ms, 5s, 15m, 12h or 90d",
            "journal.keep: it must be at least 2d: the ceilings of a day are counted in the journal",
            "policy.regions: \"XX\" is not an ISO 3166 region, such as US",
            "routes[0].number: \"617\" is not a telephone number in E.164, such as +16175550190",
            "routes[0].strategy: \"loudest\" is not ring-all or longest-idle",
            "routes[0]: give one of voicemail, forward and goodbye",
            "log.format: it is a list, and not text or json",
            "log.filter: \"=\" is not a filter such as info or cordboard_gateway=debug",
            "socket.orgins: there is no such key",
        ]
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let problems = problems("[server\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("line 1"), "{problems:?}");
}

#[test]
fn the_environment_goes_first() {
    let variables = [
        ("CORDBOARD__SERVER__LISTEN", "0.0.0.0:9000"),
        ("CORDBOARD__POLICY__REGIONS", "GB, IE"),
        ("CORDBOARD__SOCKET__BURST", "7"),
        ("CORDBOARD__SESSIONS__SINGLE", "true"),
        ("CORDBOARD__OIDC__ISSUER", "https://login.example.com"),
        ("CORDBOARD__OIDC__CLIENT_ID", "c"),
        ("CORDBOARD__OIDC__CLIENT_SECRET", "s3cret"),
        ("OTHER__SERVER__LISTEN", "1.1.1.1:1"),
    ];
    let variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut keys = Keys::new(SMALLEST, "".into(), Some(variables)).unwrap();
    let config = Config::read(&mut keys).unwrap();
    keys.finish().unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(config.policy.regions.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["GB", "IE"]);
    assert_eq!(config.socket.burst, 7);
    assert!(config.sessions.single);
    let oidc = config.oidc.unwrap();
    assert_eq!(oidc.client_secret.as_ref().unwrap().0, "s3cret");
    assert!(!format!("{oidc:?}").contains("s3cret"));
}

#[test]
fn a_misspelt_variable_is_named_too() {
    let variables = BTreeMap::from([("CORDBOARD__SERVER__LISTENS".to_owned(), "1".to_owned())]);
    let mut keys = Keys::new(SMALLEST, "".into(), Some(variables)).unwrap();
    let _ = Config::read(&mut keys);
    assert_eq!(keys.finish().unwrap_err().to_string(), "server.listens: there is no such key");
}

#[test]
fn routes() {
    let text = format!(
        "{SMALLEST}[[routes]]\nnumber = \"+16175550190\"\nagents = [\"alex\"]\nstrategy = \"longest-idle\"\nvoicemail = \"Hi.\"\n\
         [[routes]]\nnumber = \"+16175550191\"\nforward = \"+16175550192\"\n"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.routes.len(), 2);
    assert_eq!(config.routes[0].strategy, Strategy::LongestIdle);
    assert!(matches!(config.routes[0].fallback, Fallback::Voicemail { .. }));
    assert!(matches!(config.routes[1].fallback, Fallback::Number(_)));
    let twice = text.replace("0191", "0190");
    assert_eq!(problems(&twice), ["routes[1].number: an earlier route has the same number"]);
}

#[test]
fn an_identity_provider_is_safe_or_on_this_machine() {
    for good in [
        "https://login.example.com",
        "https://login.example.com/realms/one/",
        "http://127.0.0.1:8080",
        "http://[::1]:1",
        "http://localhost/x",
    ] {
        assert_eq!(Issuer::from_text(good).unwrap().as_str(), good);
    }
    for bad in [
        "login.example.com",
        "http://login.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://",
        "https://a:b@login.example.com",
        "https://login.example.com?x=1",
        "https://login.example.com#x",
        "file:///etc",
        "",
    ] {
        assert!(Issuer::from_text(bad).is_none(), "{bad}");
    }
}

#[test]
fn who_vouches() {
    assert!(read(SMALLEST).unwrap().oidc.is_none());
    let with = |keys: &str| format!("{SMALLEST}[oidc]\n{keys}");
    let good = "issuer = \"https://login.example.com\"\nclient_id = \"c\"\n";
    let oidc = read(&with(good)).unwrap().oidc.unwrap();
    assert_eq!((oidc.claim.as_str(), oidc.name_claim.as_str(), oidc.everyone), ("sub", "name", false));
    assert_eq!(oidc.session, Duration::from_secs(12 * 3_600));
    let wrong = "client_secret = [\"s3cret\"]\nscopes = [\"email\"]\nrequire_value = \"x\"\nsession = \"0s\"\neveryone = true\n";
    assert_eq!(
        problems(&with(wrong)),
        [
            "oidc.issuer: it is missing: give an issuer such as https://login.example.com: https, or http on this machine, \
             without query and fragment",
            "oidc.client_id: it is missing: give a text",
            "oidc.client_secret: it is not a text",
            "oidc.scopes: it must hold openid",
            "oidc.require_claim: it is missing: oidc.require_value is given",
            "oidc.session: it must be more than nothing",
        ]
    );
    let public = good.replace("login.example.com", "accounts.google.com");
    read(&with(&public)).unwrap();
    let all = problems(&with(&format!("{public}everyone = true\n")));
    assert_eq!(all, ["oidc.everyone: everybody can have an account there: give oidc.require_claim, such as hd"]);
    read(&with(&format!("{public}everyone = true\nrequire_claim = \"hd\"\nrequire_value = \"example.com\"\n")))
        .unwrap();
}

#[test]
fn a_secret_is_not_shown() {
    let text = SMALLEST.replace("[policy]", "metrics_token = [\"s3cret\"]\n[policy]");
    assert_eq!(problems(&text), ["server.metrics_token: it is not a text"]);
    let text = text.replace("[\"s3cret\"]", "\"s3cret\"");
    assert!(!format!("{:?}", read(&text).unwrap()).contains("s3cret"));
}
