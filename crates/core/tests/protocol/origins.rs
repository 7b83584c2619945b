//! Who may speak to the widget.

use crate::support::{HOST, TRUSTED, at, drain, say, sync, value, widget, widget_allowing};
use cordboard::protocol::{HostAllowList, HostPattern, Origin, Sender};

const FOREIGN: [&str; 24] = [
    "",
    "null",
    "*",
    "http://app.hubspot.com",
    "https://app.hubspot.com:8443",
    "https://app.hubspot.com:443",
    "https://app.hubspot.com.evil.tld",
    "https://evilapp.hubspot.com",
    "https://api.hubspot.com",
    "https://hubspot.com",
    "https://a.app.hubspot.com",
    "https://app.hubspot.com.",
    "https://APP.hubspot.com",
    "HTTPS://app.hubspot.com",
    "https://app.hubspot.com@evil.tld",
    "https://app.hubspot.com/",
    "https://app-.hubspot.com",
    "https://app-eu1.evil.hubspot.com",
    "https://app-eu1.x.hubspot.com",
    "https://app-EU1.hubspot.com",
    "https://app-xn--e1.hubspot.com",
    "https://аpp.hubspot.com", // a Cyrillic а
    "https://app.hubspot.com https://evil.tld",
    "https://app-eu1/.hubspot.com",
];

#[test]
fn foreign_origins_are_refused() {
    for origin in FOREIGN {
        let mut widget = widget();
        let sender = Sender { origin, is_peer: true };
        assert!(!widget.trusts(sender), "{origin}");
        widget.handle_message(at(0), sender, &value(sync("1_1")));
        assert_eq!(drain(&mut widget), [], "{origin}");
        assert!(widget.host().is_none(), "{origin}");
    }
}

#[test]
fn hubspot_and_its_regions_are_trusted() {
    for origin in ["https://app.hubspot.com", "https://app-eu1.hubspot.com", "https://app-na2.hubspot.com"] {
        let mut widget = widget();
        let sender = Sender { origin, is_peer: true };
        assert!(widget.trusts(sender), "{origin}");
        widget.handle_message(at(0), sender, &value(sync("1_1")));
        assert_eq!(widget.host().map(Origin::as_str), Some(origin));
    }
}

#[test]
fn the_right_origin_in_another_window_is_refused() {
    let sibling = Sender { origin: HOST, is_peer: false };
    let mut waiting = widget();
    waiting.handle_message(at(0), sibling, &value(sync("1_1")));
    assert_eq!(drain(&mut waiting), []);
    let mut ready = crate::support::ready_widget();
    assert!(!ready.trusts(sibling));
    ready.handle_message(at(0), sibling, &value(serde_json::json!({ "type": "UNLOADING" })));
    assert_eq!(drain(&mut ready), []);
}

#[test]
fn after_the_handshake_only_the_host_is_trusted() {
    let mut widget = widget();
    say(&mut widget, 0, sync("1_1"));
    assert!(widget.trusts(TRUSTED));
    assert!(!widget.trusts(Sender { origin: "https://app-eu1.hubspot.com", is_peer: true }));
}

#[test]
fn patterns_allow_what_they_say() {
    let allows = |pattern: &str, origin: &str| {
        let hosts = HostAllowList::new(vec![HostPattern::parse(pattern).unwrap()]);
        widget_allowing(hosts).trusts(Sender { origin, is_peer: true })
    };
    assert!(allows("http://localhost:*", "http://localhost:9025"));
    assert!(allows("http://localhost:*", "http://localhost"));
    assert!(!allows("http://localhost:*", "https://localhost:9025"));
    assert!(!allows("http://localhost:*", "http://localhost.evil.tld:9025"));
    assert!(!allows("http://localhost:*", "http://localhost:99999"));
    assert!(!allows("http://localhost:*", "http://localhost:9025x"));
    assert!(allows("https://localhost:9025", "https://localhost:9025"));
    assert!(!allows("https://localhost:9025", "https://localhost"));
    assert!(allows("https://*.crm.example.com", "https://acme.crm.example.com"));
    assert!(!allows("https://*.crm.example.com", "https://a.b.crm.example.com"));
    assert!(!allows("https://*.crm.example.com", "https://.crm.example.com"));
    assert!(allows("https://app*.hubspot.com", "https://app2.hubspot.com"));
    assert!(!allows("https://app*.hubspot.com", "https://app.hubspot.com"));
    assert!(!allows("https://app.hubspot.com", "https://app-eu1.hubspot.com"));
}

#[test]
fn wide_patterns_are_no_patterns() {
    for pattern in [
        "",
        "*",
        "https://*",
        "https://*.com",
        "https://app.*",
        "https://app.*.com",
        "https://*.*.example.com",
        "*://app.hubspot.com",
        "http://app.hubspot.com",
        "http://*.localhost",
        "https://app.hubspot.com/*",
        "https://app.hubspot.com:*:*",
        "https://app.hubspot.com:80*",
        "https://APP.hubspot.com",
        "https://user@app.hubspot.com",
        "ftp://app.hubspot.com",
    ] {
        assert!(HostPattern::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn origins_are_what_browsers_report() {
    for text in
        ["https://app.hubspot.com", "http://localhost:9025", "http://127.0.0.1:1", "https://xn--e1afmkfd.example"]
    {
        assert_eq!(Origin::parse(text).unwrap().as_str(), text);
    }
    for text in
        ["", "null", "*", "https://*", "https://a.example/", "https://a.example.", "https://A.example", "ftp://a"]
    {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
    for text in ["https://a.example:443", "http://a.example:80", "https://a@b.example", "https://а.example", "file://"]
    {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
    for text in
        ["https://a..b", "https://-a.b", "https://a-.b", "https://a:0", "https://a:01", "https://a:65536", "https://"]
    {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
    assert!(Origin::parse(&format!("https://{}.example", "a".repeat(64))).is_err());
    assert!(Origin::parse(&format!("https://{}", "a.".repeat(200))).is_err());
}
