//! What makes a HubSpot page load a widget from this machine: HubSpot reads it from the page's storage.

use crate::config::Environment;
use anyhow::Result;
use serde_json::{Value, json};

const SETTINGS: &str = "LocalSettings:Calling:CallingExtensions";
const INBOUND: &str = "LocalSettings:Calling:supportsInboundCalling";
const CHANNEL: &str = "LocalSettings:Calling:supportsChannelConnection";

pub(crate) fn snippet(environment: Option<&Environment>, url: &str) -> Result<String> {
    let configured = environment.and_then(|environment| environment.settings.as_ref());
    let mut settings = match configured {
        Some(settings) => serde_json::to_value(settings)?,
        None => json!({ "name": "Cordboard", "width": 400, "height": 600, "supportsInboundCalling": true }),
    };
    settings["url"] = url.into();
    settings["isReady"] = true.into();
    let mut lines = vec![
        "// In the console of a HubSpot page, then reload it:".to_owned(),
        format!("localStorage.setItem({}, JSON.stringify({settings}));", quoted(SETTINGS)),
    ];
    let mut used = vec![SETTINGS];
    let mut switch = |name, on: bool| {
        if on {
            lines.push(format!("localStorage.setItem({}, \"true\");", quoted(name)));
            used.push(name);
        }
    };
    switch(INBOUND, settings["supportsInboundCalling"] == true);
    switch(CHANNEL, environment.is_some_and(|environment| environment.channel.is_some()));
    lines.push("// And to be as before:".to_owned());
    lines.extend(used.into_iter().map(|name| format!("localStorage.removeItem({});", quoted(name))));
    Ok(lines.join("\n"))
}

fn quoted(text: &str) -> Value {
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_told_and_can_forget() {
        assert_eq!(
            snippet(None, "https://localhost:9025/").unwrap(),
            r#"// In the console of a HubSpot page, then reload it:
localStorage.setItem("LocalSettings:Calling:CallingExtensions", JSON.stringify({"height":600,"isReady":true,"name":"Cordboard","supportsInboundCalling":true,"url":"https://localhost:9025/","width":400}));
localStorage.setItem("LocalSettings:Calling:supportsInboundCalling", "true");
// And to be as before:
localStorage.removeItem("LocalSettings:Calling:CallingExtensions");
localStorage.removeItem("LocalSettings:Calling:supportsInboundCalling");"#
        );
    }

    #[test]
    fn an_address_can_not_leave_its_text() {
        let lines = snippet(None, "https://x/\"));alert(1);//").unwrap();
        assert!(lines.contains(r#""url":"https://x/\"));alert(1);//""#), "{lines}");
    }
}
