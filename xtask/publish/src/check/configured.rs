//! What the configuration says, and the app's project.

use super::Finding;
use crate::config::Publishing;
use crate::setting::{Wanted, problems};
use serde_json::Value;
use std::fs;
use std::net::IpAddr;
use url::{Host, Url};

pub(crate) fn check(wanted: &Wanted, publishing: &Publishing) -> Vec<Finding> {
    let url = wanted.settings.as_ref().map(|settings| settings.url.as_str()).unwrap_or_default();
    vec![
        Finding::of("settings", settings(wanted)),
        Finding::of("address", address(url)),
        match &publishing.project {
            Some(path) => Finding::of(
                "project",
                match fs::read_to_string(path) {
                    Ok(text) => permitted(&text, url),
                    Err(error) => Some(format!("{} can't be read ({error}): correct publish.project", path.display())),
                },
            ),
            None => Finding::not_tried("project", "because publish.project is not configured"),
        },
    ]
}

fn settings(wanted: &Wanted) -> Option<String> {
    let Some(settings) = &wanted.settings else {
        return Some("there are none: add [env.NAME.settings] to the configuration".to_owned());
    };
    let mut all = problems(settings);
    all.extend(wanted.recording.iter().flat_map(problems));
    all.extend(wanted.channel.iter().flat_map(problems));
    (!all.is_empty()).then(|| format!("{}; correct the configuration", all.join("; ")))
}

/// HubSpot's users must reach it, and browsers show nothing else in HubSpot's pages.
fn address(text: &str) -> Option<String> {
    let problem = match Url::parse(text) {
        Err(_) => "it is no address",
        Ok(url) if url.scheme() != "https" => "it is not https",
        Ok(url) if !url.username().is_empty() || url.password().is_some() => "it has a user's name or password",
        Ok(url) if !url.path().ends_with('/') && !url.path().ends_with("/index.html") => {
            "it must end with / or /index.html, or what the page loads is looked for elsewhere"
        }
        Ok(url) if !is_public(url.host()) => "it is on no public host",
        Ok(_) => return None,
    };
    Some(format!("{text:?}: {problem}; correct settings.url"))
}

fn is_public(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let ends = ["localhost", "local", "internal", "lan", "test", "invalid", "example"];
            name.contains('.') && !ends.iter().any(|end| name.rsplit('.').next() == Some(end))
        }
        Some(Host::Ipv4(ip)) => is_global(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_global(ip.to_canonical()),
        None => false,
    }
}

fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_documentation())
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
    }
}

/// Whether the app's `app-hsmeta.json` lets HubSpot frame the address.
fn permitted(text: &str, url: &str) -> Option<String> {
    let Ok(project) = serde_json::from_str::<Value>(text) else {
        return Some("it is not JSON: correct the file that publish.project names".to_owned());
    };
    let all = project.pointer("/config/permittedUrls/iframe").and_then(Value::as_array);
    let lets = |permitted: &str| match (Url::parse(permitted), Url::parse(url)) {
        (Ok(permitted), Ok(url)) => permitted.origin() == url.origin() && url.path().starts_with(permitted.path()),
        _ => false,
    };
    let found = all.is_some_and(|all| all.iter().filter_map(Value::as_str).any(lets));
    (!found).then(|| {
        format!(
            "permittedUrls.iframe lacks {url}, and HubSpot would show a blank frame: add it, and upload the project"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_public_and_https() {
        for right in ["https://widget.example.com/", "https://widget.example.com/phone/index.html", "https://1.1.1.1/"]
        {
            assert_eq!(address(right), None, "{right}");
        }
        for wrong in [
            "",
            "http://widget.example.com/",
            "https://localhost:9025/",
            "https://widget/",
            "https://pbx.local/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://[::ffff:192.168.0.1]/",
            "https://user:word@widget.example.com/",
            "https://widget.example.com/phone",
        ] {
            assert!(address(wrong).is_some_and(|why| why.contains("correct settings.url")), "{wrong}");
        }
    }

    #[test]
    fn a_project_names_the_address() {
        let project = |permitted: &str| format!(r#"{{"config":{{"permittedUrls":{{"iframe":["{permitted}"]}}}}}}"#);
        let url = "https://widget.example.com/phone/";
        for right in ["https://widget.example.com", "https://widget.example.com/phone/"] {
            assert_eq!(permitted(&project(right), url), None, "{right}");
        }
        for wrong in
            ["https://widget.example.com.evil.tld", "http://widget.example.com", "https://widget.example.com/other"]
        {
            assert!(permitted(&project(wrong), url).is_some_and(|why| why.contains("add it")), "{wrong}");
        }
        assert!(permitted("{}", url).is_some() && permitted("", url).is_some());
    }
}
