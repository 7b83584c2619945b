//! From a bundle to what users get, against a store, a host and HubSpot.
#![allow(clippy::unwrap_used, reason = "a test panics when something is wrong")]
mod world;

use std::fs;
use world::{Certificate, Config, Hold, Object, PUBLISH, World};

/// A release's version, as the program says it.
fn version(said: &str) -> String {
    said.split("users get ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_else(|| panic!("{said}"))
        .to_owned()
}

#[tokio::test]
async fn what_is_published_can_be_taken_back() {
    let world = World::new();
    world.fails("rollback --env staging", &["nothing is published yet"]).await;
    let first = version(&world.publish().await);
    assert!(world.entry().is_some_and(|page| page.ends_with("<p>one")));
    world.build("two");
    world.configure(&Config { name: "Other", ..Config::default() });
    let second = version(&world.publish().await);
    assert_eq!((world.entry().unwrap().ends_with("<p>two"), world.name().as_deref()), (true, Some("Other")));
    let listed = world.succeeds("releases --env staging").await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains(&first)
            && listed.lines().any(|line| line.starts_with(&second) && line.ends_with("users get it"))
    );

    world.succeeds("rollback --env staging").await;
    assert_eq!((world.entry().unwrap().ends_with("<p>one"), world.name().as_deref()), (true, Some("Cordboard")));
    world.succeeds(&format!("rollback --env staging --to {second}")).await;
    assert_eq!((world.entry().unwrap().ends_with("<p>two"), world.name().as_deref()), (true, Some("Other")));
    world.fails("rollback --env staging --to none", &["there is no release none"]).await;
}

#[tokio::test]
async fn a_folder_is_a_store_too() {
    let world = World::new();
    let folder = world.path("www");
    world.configure(&Config { store: "www", ..Config::default() });
    world.fails(PUBLISH, &["publish.store is no folder"]).await;
    fs::create_dir(&folder).unwrap();
    world.shared().folder = Some(folder.clone());
    world.publish().await;
    world.build("two");
    world.publish().await;
    let page = || fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page().ends_with("<p>two"));
    let headers = fs::read_to_string(folder.join("_headers")).unwrap();
    assert!(headers.contains("/assets/app-one.wasm") && headers.contains("/assets/app-two.wasm"), "{headers}");
    world.succeeds("rollback --env staging").await;
    assert!(page().ends_with("<p>one"));
}

#[tokio::test]
async fn the_same_again_sends_nothing() {
    let world = World::new();
    world.publish().await;
    world.shared().puts.clear();
    assert!(world.publish().await.contains("is published already"));
    assert_eq!(world.shared().puts, Vec::<String>::new());
    // Files that are there are not sent again, whatever else is new.
    world.configure(&Config { name: "Other", ..Config::default() });
    world.publish().await;
    assert!(!world.shared().puts.iter().any(|path| path.contains("assets/")));
}

#[tokio::test]
async fn a_dry_run_shows_the_difference_and_sends_nothing() {
    let world = World::new();
    world.publish().await;
    world.build("two");
    world.configure(&Config { name: "Other", ..Config::default() });
    let before = world.shared().objects.clone();
    let said = world.succeeds(&format!("{PUBLISH} --dry-run")).await;
    for part in [
        "+ assets/app-two.wasm (11 bytes)",
        "+ releases/",
        "~ _headers\n  + /assets/app-two.wasm\n",
        "~ index.html.br\n~ index.html\n~ releases/current.json\nusers get: ",
        "name: \"Cordboard\" -> \"Other\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(world.shared().objects, before);
    assert_eq!(world.name().as_deref(), Some("Cordboard"));
}

#[tokio::test]
async fn a_file_has_its_type_and_encoding() {
    let world = World::new();
    world.publish().await;
    let kind = |path: &str| world.shared().objects.get(path).map(|object| object.kind.clone());
    assert_eq!(kind("phone/assets/app-one.wasm").as_deref(), Some("application/wasm"));
    assert_eq!(kind("phone/index.html.br").as_deref(), Some("text/html; charset=utf-8"));
}

/// Publishes something, and then what is broken: users have what they had, and are told why.
async fn stops(world: &World, because: &[&str]) {
    let (entry, name, numbers) = (world.entry(), world.name(), world.numbers());
    world.fails(PUBLISH, because).await;
    assert_eq!((world.entry(), world.name(), world.numbers()), (entry, name, numbers));
}

async fn published() -> World {
    let world = World::new();
    world.publish().await;
    world.build("two");
    world.configure(&Config { name: "Other", ..Config::default() });
    world
}

#[tokio::test]
async fn a_wrong_key_or_app_stops() {
    let mut world = published().await;
    world.configure(&Config { app: 1, name: "Other", ..Config::default() });
    stops(&world, &["check app_id", "HubSpot has what it had"]).await;
    world.configure(&Config { name: "Other", ..Config::default() });
    let right = std::mem::replace(&mut world.secrets[0].1, "not-a-secret-but-wrong".to_owned());
    stops(&world, &["FAILED  HubSpot", "check the secret"]).await;
    world.secrets[0].1 = right;
    world.secrets[1].1 = "not-a-secret-other-key".to_owned();
    stops(&world, &["FAILED  store", "credentials in the environment", "InvalidAccessKeyId"]).await;
}

#[tokio::test]
async fn a_refused_field_leaves_hubspot_as_it_was() {
    use cordboard_hubspot_emulator::{Fault, FaultAnswer};
    let world = published().await;
    let refused = Fault::refuse(FaultAnswer::Refuse("name".to_owned())).on(&http::Method::PATCH, "/settings");
    // The channel comes first, and is taken.
    let passes = Fault::refuse(FaultAnswer::Truth).on(&http::Method::PATCH, "/settings/channel-connection");
    world.shared().cloud.inject(passes);
    world.shared().cloud.inject(refused);
    stops(&world, &["name: PROPERTY_VALIDATION_RULE", "HubSpot has what it had"]).await;
    world.publish().await;
}

#[tokio::test]
async fn a_host_that_is_not_right_stops() {
    let world = published().await;
    world.shared().redirects = true;
    stops(&world, &["FAILED  no redirect", "elsewhere.example.com", "settings.url"]).await;
    world.shared().redirects = false;
    let right = std::mem::take(&mut world.shared().headers);
    stops(&world, &["FAILED  frame permission", "send"]).await;
    world.shared().headers = right.clone();
    world.shared().headers.push(("x-frame-options", "DENY".to_owned()));
    stops(&world, &["FAILED  frame permission", "X-Frame-Options"]).await;
    world.shared().headers = right;
    world.shared().folder = Some(world.path("elsewhere"));
    stops(&world, &["FAILED  page", "publish.store"]).await;
    world.shared().folder = None;
    world.publish().await;
}

#[tokio::test]
async fn a_gateway_that_is_not_the_pages_stops() {
    let world = published().await;
    let (gateway, page) = (world.gateway(), world.path("dist/index.html"));
    let configured = |gateway: &str| {
        world.configure(&Config { more: &format!("gateway = \"{gateway}\""), ..Config::default() });
    };
    configured(&gateway);
    stops(&world, &["FAILED  gateway of the bundle", "build it with --gateway"]).await;
    let told = |gateway: &str| {
        let meta = format!("<meta name=\"cordboard-gateway\" content=\"{gateway}\">");
        fs::write(&page, fs::read_to_string(&page).unwrap().replacen("<meta", &format!("{meta}<meta"), 1)).unwrap();
    };
    told(&gateway);
    stops(&world, &["FAILED  gateway: ", "add that to its socket.origins"]).await;
    world.shared().lets_in = "https://widget.example.com";
    world.publish().await;
    told("http://127.0.0.1:1");
    configured("http://127.0.0.1:1");
    stops(&world, &["FAILED  gateway: ", "can't be reached", "check publish.gateway"]).await;
}

#[tokio::test]
async fn a_bad_certificate_stops() {
    for certificate in [Certificate::Expired, Certificate::SelfSigned, Certificate::OfAnotherName] {
        let world = World::with(certificate);
        world.fails(PUBLISH, &["FAILED  certificate", "bad certificate", "renew it"]).await;
        assert_eq!((world.entry(), world.name()), (None, None), "{certificate:?}");
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_stops() {
    let world = published().await;
    for part in ["app-two.wasm", "release-", "releases/", "_headers"] {
        world.shared().cuts = Some(part);
        stops(&world, &["can't be sent", "try again"]).await;
    }
    world.shared().cuts = None;
    world.publish().await;
}

#[tokio::test]
async fn a_configuration_or_bundle_that_is_not_right_stops_before_anything_is_sent() {
    let world = World::new();
    let project = "project = \"app-hsmeta.json\"";
    let permits = |url: &str| {
        fs::write(world.path("app-hsmeta.json"), format!(r#"{{"config":{{"permittedUrls":{{"iframe":["{url}"]}}}}}}"#))
            .unwrap()
    };
    permits("https://other.example.com");
    for (config, because) in [
        (Config { name: " ", ..Config::default() }, "FAILED  settings: name: it is empty"),
        (Config { url: "https://127.0.0.1/", ..Config::default() }, "FAILED  address"),
        (Config { more: "budget = 10", ..Config::default() }, "FAILED  size"),
        (Config { more: project, ..Config::default() }, "FAILED  project: permittedUrls.iframe lacks"),
    ] {
        world.configure(&config);
        stops(&world, &[because]).await;
    }
    permits("https://widget.example.com");
    world.configure(&Config { more: project, ..Config::default() });
    fs::remove_file(world.path("dist/assets/app-one.wasm")).unwrap();
    stops(&world, &["FAILED  bundle"]).await;
    assert_eq!(world.shared().requests, 0);
    world.build("one");
    world.publish().await;
}

/// Whatever users can get is whole, and what they get is one release or the other.
fn assert_whole(world: &World, hold: Hold) {
    let page = world.entry().unwrap();
    let content = page.rsplit("<p>").next().unwrap().to_owned();
    assert!(content == "one" || content == "two", "{hold:?}: {page}");
    let shared = world.shared();
    let module =
        shared.objects.get(&format!("phone/assets/app-{content}.wasm")).map(|object: &Object| object.bytes.clone());
    assert_eq!(module, Some(format!("code of {content}").into_bytes()), "{hold:?}");
}

#[tokio::test]
async fn killed_at_any_step_and_begun_again_it_ends_the_same() {
    let mut killed = 0;
    for kind in [Hold::Before as fn(usize) -> Hold, Hold::After] {
        for number in 1.. {
            let (world, hold) = (published().await, kind(number));
            let was_held = world.killed(PUBLISH, hold).await;
            assert_whole(&world, hold);
            world.publish().await;
            assert!(world.entry().unwrap().ends_with("<p>two"), "{hold:?}");
            assert_eq!(world.name().as_deref(), Some("Other"), "{hold:?}");
            assert_eq!(world.numbers().as_deref(), Some("https://calls.example.com/numbers?of=Other"), "{hold:?}");
            let listed = world.succeeds("releases --env staging").await;
            assert_eq!(listed.lines().count(), 2, "{hold:?}: {listed}");
            assert!(listed.contains("users get it"), "{hold:?}: {listed}");
            world.succeeds("rollback --env staging").await;
            assert!(world.entry().unwrap().ends_with("<p>one"), "{hold:?}: the release before is known");
            if !was_held {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed > 60, "{killed} kills");
}

#[tokio::test]
async fn what_was_broken_off_at_the_end_can_be_taken_back() {
    let world = published().await;
    assert!(!world.killed(PUBLISH, Hold::After(usize::MAX)).await);
    let requests = world.shared().requests;
    // Users get the page, and the last request would have said so.
    let world = published().await;
    assert!(world.killed(PUBLISH, Hold::Before(requests)).await);
    assert_eq!((world.entry().unwrap().ends_with("<p>two"), world.name().as_deref()), (true, Some("Other")));
    let listed = world.succeeds("releases --env staging").await;
    assert!(listed.contains("users get another"), "{listed}");
    world.succeeds("rollback --env staging").await;
    assert_eq!((world.entry().unwrap().ends_with("<p>one"), world.name().as_deref()), (true, Some("Cordboard")));
}
