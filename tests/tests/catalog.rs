//! The handler `catalog`, which has no line: what it answers, and what it has to do with a mount.

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup};

/// A moment for which the places are known, and a mount beside the catalogue.
const EVENING: &str = "[clock]\nstart = 2026-11-23T22:00:00Z\n[plugins.mount]\n[plugins.catalog]\ncomponent = \"catalog.wasm\"";
const AT_GREENWICH: &str =
    "settings = { site = { latitude = 51.4779, longitude = 0.0, elevation = 46 } }";

fn with_catalogue(settings: &str) -> Observatory {
    let config = format!("{EVENING}\n{settings}");
    Setup::default().config(&config).start()
}

async fn find(client: &mut Client, name: &str) -> Value {
    let found = client.call("catalog.find", json!({ "name": name })).await;
    found.unwrap()
}

#[track_caller]
fn assert_near(place: &Value, ra: f64, dec: f64, degrees: f64) {
    let (told_ra, told_dec) = (
        place["ra"].as_f64().unwrap(),
        place["dec"].as_f64().unwrap(),
    );
    let east = (told_ra - ra) * 15.0 * dec.to_radians().cos();
    let off = east.hypot(told_dec - dec);
    assert!(off < degrees, "{place} is {off} degrees off {ra}, {dec}");
}

#[tokio::test]
async fn an_observer_learns_where_things_are_without_any_hardware() {
    let config = "[plugins.catalog]\ncomponent = \"catalog.wasm\"";
    let observatory = Setup::default().config(config).start();
    let mut client = observatory.client("observer").await;
    let found = find(&mut client, "andromeda galaxy").await;
    assert_eq!(found["name"], "M 31");
    assert_near(&found["j2000"], 0.712319, 41.26906, 1e-4);
    let search = json!({ "type": "globular cluster", "constellation": "Hercules" });
    let found = client.call("catalog.search", search).await.unwrap();
    assert_eq!(found["objects"][0]["name"], "M 13", "{found}");
    let near = json!({ "ra": 5.588, "dec": -5.39, "radius": 0.2 });
    let found = client.call("catalog.near", near).await.unwrap();
    assert_eq!(found["objects"][0]["name"], "M 42", "{found}");
}

#[tokio::test]
async fn a_name_that_nothing_has_is_refused_with_the_nearest() {
    let observatory = with_catalogue("");
    let mut client = observatory.client("observer").await;
    let unknown = json!({ "name": "Betelguese" });
    let refused = client.call("catalog.find", unknown).await.unwrap_err();
    assert_eq!(refused["code"], -32004, "{refused}");
    let reason = refused["data"]["reason"].as_str().unwrap();
    assert_eq!(
        reason,
        r#"nothing is called "Betelguese"; there is Betelgeuse"#
    );
}

#[tokio::test]
async fn now_is_the_hosts_clock_and_the_moon_is_seen_from_the_site_of_the_settings() {
    // By `plugins/handlers/catalog/tests/planets/planets.csv` for 22:00; the Moon moves a tenth of a degree in 12 minutes.
    let (on_site, jupiter) = ((3.2108291, 22.548021), (9.9293347, 13.431141));
    let observatory = with_catalogue(AT_GREENWICH);
    let mut client = observatory.client("observer").await;
    let moon = find(&mut client, "Moon").await;
    assert_eq!(moon["seen_from"], "site");
    assert_near(&moon["jnow"], on_site.0, on_site.1, 0.1);
    let found = find(&mut client, "Jupiter").await;
    assert_near(&found["jnow"], jupiter.0, jupiter.1, 0.03);
    let observatory = with_catalogue("");
    let mut client = observatory.client("observer").await;
    let moon = find(&mut client, "Moon").await;
    assert_eq!(moon["seen_from"], "center");
    let altitude = &moon["altitude"];
    assert!(altitude.is_null(), "{moon}");
    let south = on_site.1 - moon["jnow"]["dec"].as_f64().unwrap();
    assert!(
        (-0.6..-0.2).contains(&south),
        "the site has it {south} degrees from where the center does"
    );
}

#[tokio::test]
async fn a_mount_goes_to_what_was_found() {
    let observatory = with_catalogue("");
    let mut client = observatory.client("telescope").await;
    // They stand high in the south-east.
    let found = find(&mut client, "Pleiades").await;
    let begun = client
        .call("mount.goto", found["j2000"].clone())
        .await
        .unwrap();
    assert!(begun["motion"].is_u64(), "{begun}");
    client.call("mount.stop", json!({})).await.unwrap();
}

#[tokio::test]
async fn what_has_no_line_has_no_stop_no_status_and_nothing_to_control() {
    let observatory = with_catalogue("");
    let mut client = observatory.client("telescope").await;
    find(&mut client, "Vega").await;
    for method in ["catalog.stop", "catalog.status"] {
        let refused = client.call(method, json!({})).await.unwrap_err();
        assert_eq!(refused["code"], -32601, "{method}: {refused}");
    }
    let document = client.call("rpc.discover", json!({})).await.unwrap();
    let methods = document["methods"].as_array().unwrap().iter();
    let own: Vec<_> = methods
        .filter_map(|method| method["name"].as_str()?.strip_prefix("catalog."))
        .collect();
    assert_eq!(own, ["find", "near", "search"]);
    // The mount is the only one that there is to control, and nobody has to name it.
    let taken = client.call("control.take", json!({})).await.unwrap();
    assert_eq!(taken["plugin"], "mount");
    let info = client.call("host.info", json!({})).await.unwrap();
    let catalog = &info["plugins"]["catalog"];
    assert_eq!(catalog["lines"], json!({}));
    assert_eq!(catalog["hardware"]["state"], "attached", "{catalog}");
}
