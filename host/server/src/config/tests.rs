use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use slewgate_engine::QuarantineSettings;
use slewgate_security::admission::{AdmissionSettings, LimitBy};
use slewgate_serial::Address;
use slewgate_simulator::{Dialect, Family, SkywatcherModel};

use super::shape::Shape;
use super::{Allowance, Config, ConfigError, Device, PretendedClock, Site, Transcript, Trust};

const ANNOTATED: &str = include_str!("../../../../config/slewgate.toml");

fn parsed(text: &str) -> Config {
    Config::parse("slewgate.toml", text, &[]).unwrap()
}

/// The whole text of the error.
fn wrong(text: &str) -> String {
    Config::parse("slewgate.toml", text, &[])
        .unwrap_err()
        .to_string()
}

fn with(variables: &[(&str, &str)], text: &str) -> Result<Config, ConfigError> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(owned).collect();
    Config::parse("slewgate.toml", text, &variables)
}

fn wrong_with(variable: &str, value: &str) -> String {
    with(&[(variable, value)], "").unwrap_err().to_string()
}

/// All that there is in it, to compare.
fn in_full(config: &Config) -> String {
    format!("{config:#?}")
}

#[test]
fn the_rooms_own_defaults_are_those_of_the_file() {
    let config = parsed("");
    assert_eq!(config.admission.slots, AdmissionSettings::default());
    assert_eq!(config.admission.key, LimitBy::default());
    let limits = crate::net::limits::Limits::default();
    assert_eq!(
        format!("{:?}", config.command.limits),
        format!("{limits:?}")
    );
}

#[test]
fn keys_that_components_are_signed_with_are_keys_and_there_is_one_where_they_are_asked_for() {
    let key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let asked = |keys: &str| format!("[trust]\nrequire = \"keys\"\nkeys = [{keys}]");
    let trust = parsed(&asked(&format!("{key:?}"))).trust;
    assert_eq!(trust, Trust::Keys(vec![key.parse().unwrap()]));
    assert_eq!(
        wrong(&asked("\"11qY\"")),
        "slewgate.toml:3: [trust] keys: \"11qY\": that is no public key, which is 44 characters of Base64; `slewgate plugin keygen` makes one"
    );
    assert_eq!(
        wrong(&asked("")),
        "slewgate.toml:2: [trust] require: without [trust] keys no component may run; `slewgate plugin keygen` makes one"
    );
    assert_eq!(
        parsed("[trust]\nrequire = \"digests\"").trust,
        Trust::Digests
    );
}

#[test]
fn what_plugins_may_use_up_by_default_is_what_the_engine_says() {
    let config = parsed("");
    assert_eq!(config.engine.handler, Allowance::handler());
    assert_eq!(config.engine.policy, Allowance::policy());
    assert_eq!(config.plugins["mount"].allowance, Allowance::handler());
    assert_eq!(config.policies["observer"].allowance, Allowance::policy());
    assert_eq!(config.engine.stack, 512 * 1024);
}

#[test]
fn every_limit_of_plugins_is_a_setting() {
    let config = parsed(
        "[engine]\ncompute_ms = 1\nwait_ms = 2\ndrain_ms = 16\nstart_compute_ms = 17\npolicy_compute_ms = 3\nmemory_mib = 4\ninstances = 5\nqueue = 6\n\
         hostcall_bytes = 70_000\nresult_bytes = 8_000\nhandles = 90\ntable_elements = 1_001\nstack_kib = 128\n\
         log_lines = 11\nrecycle_calls = 12\nquarantine_failures = 13\nquarantine_apart_ms = 9\n\
         quarantine_ms = 14\nquarantine_most_ms = 15",
    );
    let wanted = Allowance {
        computing: Duration::from_millis(1),
        waiting: Duration::from_millis(2),
        drain: Duration::from_millis(16),
        starting: Duration::from_millis(17),
        memory: 4 << 20,
        instances: 5,
        queue: 6,
        hostcall: 70_000,
        result: 8_000,
        handles: 90,
        table_elements: 1_001,
        log_lines: 11,
        recycle: 12,
        quarantine: QuarantineSettings {
            failures: 13,
            apart: Duration::from_millis(9),
            first: Duration::from_millis(14),
            longest: Duration::from_millis(15),
        },
    };
    assert_eq!(config.plugins["mount"].allowance, wanted);
    let policy = Allowance {
        computing: Duration::from_millis(3),
        waiting: Allowance::policy().waiting,
        ..wanted
    };
    assert_eq!(config.policies["observer"].allowance, policy);
    assert_eq!(config.engine.stack, 128 * 1024);
}

#[test]
fn a_plugin_and_a_policy_may_have_limits_of_their_own() {
    let config = parsed(
        "[plugins.mount]\nreuse = \"fresh\"\n\
         [policies.observer]\ncompute_ms = 40\nmemory_mib = 128\nreuse = \"fresh\"\n[policies.telescope]",
    );
    assert_eq!(config.plugins["mount"].allowance.recycle, 1);
    let policy = &config.policies["observer"].allowance;
    assert_eq!(policy.computing, Duration::from_millis(40));
    assert_eq!((policy.memory, policy.recycle), (128 << 20, 1));
    let other = &config.policies["telescope"].allowance;
    assert_eq!(*other, Allowance::policy());
}

#[test]
fn limits_of_plugins_that_contradict_each_other_are_told() {
    assert_eq!(
        wrong("[engine]\nquarantine_ms = 2_000\nquarantine_most_ms = 1_000"),
        "slewgate.toml:3: [engine] quarantine_most_ms: 1000 is below [engine] quarantine_ms, 2000"
    );
    assert_eq!(
        wrong("[engine]\nresult_bytes = 80_000\nhostcall_bytes = 70_000"),
        "slewgate.toml:2: [engine] result_bytes: 80000 is more than [engine] hostcall_bytes, 70000, of which a result is a part"
    );
}

#[test]
fn alarms_are_posted_to_an_address_of_http_which_no_message_repeats() {
    for fine in [
        "http://10.0.0.7",
        "https://alarms.example:8443/secret?topic=dome",
        "http://[::1]:8080/x",
    ] {
        let text = format!("[alarms]\nurl = \"{fine}\"");
        let config = parsed(&text);
        let shown = in_full(&config);
        assert!(
            config.alarms.url.is_some() && !shown.contains("secret"),
            "{shown}"
        );
    }
    assert!(parsed("").alarms.url.is_none());
    for (written, why) in [
        ("secret", "it is no address of http:// or https://"),
        ("/secret", "it is no address of http:// or https://"),
        (
            "ftp://alarms.example/secret",
            "it is no address of http:// or https://",
        ),
        ("http:///secret", "it is no address of http:// or https://"),
        (
            "http://a b/secret",
            "it is no address of http:// or https://",
        ),
        (
            "https://me:secret@alarms.example",
            "it has a user in it, which is not supported",
        ),
        ("https://-.-/secret", "its host is no name"),
    ] {
        let text = format!("[alarms]\nurl = \"{written}\"");
        let expected = format!(
            "slewgate.toml:2: [alarms] url: {why}, such as https://alarms.example/telescope"
        );
        assert_eq!(wrong(&text), expected, "{written}");
    }
}

#[test]
fn proxies_are_networks_without_strangers_in_them() {
    assert_eq!(
        wrong("[admission]\nproxies = [\"scope.example\"]"),
        "slewgate.toml:2: [admission] proxies: `scope.example` is not a network such as 192.168.1.0/24, fd00::/8 or 10.0.0.7"
    );
    for wide in [
        "0.0.0.0/0",
        "128.0.0.0/1",
        "10.0.0.0/7",
        "::/0",
        "2000::/3",
        "2a00::/15",
        "fc00::/6",
    ] {
        let text = format!("[admission]\nproxies = [\"10.0.0.80\", \"{wide}\"]");
        assert_eq!(
            wrong(&text),
            format!(
                "slewgate.toml:2: [admission] proxies: {wide} has strangers in it, who could then say to come from anywhere; name the proxies alone"
            )
        );
    }
    let mapped = wrong("[admission]\nproxies = [\"::ffff:0:0/96\"]");
    assert!(mapped.contains("0.0.0.0/0 has strangers in it"), "{mapped}");
    let private = ["10.0.0.0/8", "fd00::/8", "2a00::/16", "127.0.0.1", "::1"];
    parsed(&format!("[admission]\nproxies = {private:?}"));
}

#[test]
fn an_exempt_network_is_one() {
    assert_eq!(
        wrong("[admission]\nexempt = [\"10.0.0.0/8\", \"home\"]"),
        "slewgate.toml:2: [admission] exempt: `home` is not a network such as 192.168.1.0/24, fd00::/8 or 10.0.0.7"
    );
}

#[test]
fn an_empty_file_is_a_simulator_with_a_mount_on_it() {
    let config = parsed("");
    let line = &config.lines["east"];
    let plugin = &config.plugins["mount"];
    assert_eq!(
        line.device,
        Device::Simulator(Family::Lx200(Dialect::Classic))
    );
    assert_eq!(plugin.component, "lx200.wasm");
    assert_eq!(
        plugin.lines,
        BTreeMap::from([("port".into(), "east".into())])
    );
    assert_eq!(config.command.address.to_string(), "0.0.0.0:4000");
    assert_eq!(
        (config.liveview.address.port(), config.web.port()),
        (8000, 5000)
    );
    assert_eq!(config.admission.requests_per_minute.get(), 60);
    assert_eq!((config.site, config.clock), (None, None));
}

#[test]
fn the_annotated_file_is_the_defaults() {
    assert_eq!(in_full(&parsed(ANNOTATED)), in_full(&parsed("")));
}

#[test]
fn the_annotated_file_has_every_key_in_its_section() {
    let uncommented = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let everything: Vec<String> = ANNOTATED.lines().map(uncommented).collect();
    let everything = everything.join("\n");
    parsed(&everything);
    let written: serde_json::Value = toml::from_str(&everything).unwrap();
    for key in keys_of(&serde_json::to_value(Shape::default()).unwrap()) {
        assert!(written.pointer(&key).is_some(), "{key} is not in the file");
    }
}

/// Every key below `value`, as a JSON pointer.
fn keys_of(value: &serde_json::Value) -> Vec<String> {
    let keys = value.as_object().into_iter().flatten();
    let with_below = keys.map(|(key, below)| {
        let below = keys_of(below)
            .into_iter()
            .map(|rest| format!("/{key}{rest}"));
        [format!("/{key}")]
            .into_iter()
            .chain(below)
            .collect::<Vec<_>>()
    });
    with_below.flatten().collect()
}

#[test]
fn a_file_is_read_into_the_rooms_slices() {
    let config = parsed(
        r#"
        [command]
        port = 0
        [admission]
        key = "both"
        authentication_ms = 200
        [site]
        latitude = -33
        longitude = 151.2
        dut1 = 0.1
        [lines.west]
        device = "/dev/ttyUSB0"
        baud = 19_200
        [plugins.guidescope]
        component = "nexstar.wasm"
        lines = { port = "west" }
        settings = { dialect = "auto", tries = 3 }
        compute_ms = 80
        memory_mib = 2
        [engine]
        wait_ms = 9_000
        "#,
    );
    let plugin = &config.plugins["guidescope"];
    assert_eq!(config.command.address.port(), 0);
    assert_eq!(config.admission.key, LimitBy::Both);
    assert_eq!(
        config.command.limits.authentication,
        Duration::from_millis(200)
    );
    let site = Site {
        latitude: -33.0,
        longitude: 151.2,
        elevation: 0.0,
        dut1: 0.1,
    };
    assert_eq!(config.site, Some(site));
    assert_eq!(
        config.lines["west"].device,
        Device::Hardware(Address::Serial("/dev/ttyUSB0".into()))
    );
    assert_eq!(config.lines["west"].baud, 19_200);
    assert_eq!(
        json!(plugin.settings),
        json!({"dialect": "auto", "tries": 3})
    );
    let allowance = &plugin.allowance;
    assert_eq!(
        (allowance.computing, allowance.waiting),
        (Duration::from_millis(80), Duration::from_secs(9))
    );
    assert_eq!(allowance.memory, 2 << 20);
    assert_eq!((config.lines.len(), config.plugins.len()), (1, 1));
}

#[test]
fn a_table_named_as_a_default_one_needs_only_what_differs() {
    let config =
        parsed("[lines.east]\nbaud = 4800\n[plugins.mount]\nsettings = { dialect = \"classic\" }");
    assert_eq!(
        config.lines["east"].device,
        Device::Simulator(Family::Lx200(Dialect::Classic))
    );
    assert_eq!(config.plugins["mount"].component, "lx200.wasm");
    assert_eq!(config.plugins["mount"].lines["port"], "east");
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    assert_eq!(
        wrong("[command]\nprot = 4000"),
        "slewgate.toml:2: unknown key command.prot; did you mean [command] port?"
    );
    assert_eq!(
        wrong("\n[comand]\nport = 1"),
        "slewgate.toml:2: unknown key comand; did you mean [command]?"
    );
    assert_eq!(
        wrong("[lines.west]\ndevice = \"/dev/ttyUSB0\"\nbuad = 9600"),
        "slewgate.toml:3: unknown key lines.west.buad; did you mean [lines.west] baud?"
    );
    assert_eq!(
        wrong("requests_per_minute = 6"),
        "slewgate.toml:1: unknown key requests_per_minute; did you mean [admission] requests_per_minute?"
    );
    assert_eq!(
        wrong("[clock]\nzzzzzzzzzz = 6"),
        "slewgate.toml:2: unknown key clock.zzzzzzzzzz; known here: rate, start"
    );
}

#[test]
fn the_names_of_the_older_server_lead_to_the_new_ones() {
    assert_eq!(
        wrong("commandPort = 4000"),
        "slewgate.toml:1: unknown key commandPort; did you mean [command] port?"
    );
    assert_eq!(
        wrong("# ports\nLiveViewPort = 8000"),
        "slewgate.toml:2: unknown key LiveViewPort; did you mean [liveview] port?"
    );
}

#[test]
fn a_wrong_type_is_named_with_its_line_and_what_was_expected() {
    assert_eq!(
        wrong("[command]\n\nport = \"4000\""),
        "slewgate.toml:3: [command] port: invalid type: string \"4000\", expected a whole number from 0 to 65535"
    );
    assert_eq!(
        wrong("[site]\nlatitude = \"north\"\nlongitude = 0"),
        "slewgate.toml:2: [site] latitude: invalid type: string \"north\", expected a number from -90 to 90"
    );
    assert_eq!(
        wrong("command = 4000"),
        "slewgate.toml:1: [command]: invalid type: integer `4000`, expected a table"
    );
    assert_eq!(
        wrong("[lines.east]\ndevice = 7"),
        "slewgate.toml:2: [lines.east] device: invalid type: integer `7`, expected a string"
    );
    assert_eq!(
        wrong("[admission]\nkey = \"adress\""),
        "slewgate.toml:2: [admission] key: unknown variant `adress`, expected one of `address`, `token`, `both`"
    );
}

#[test]
fn a_value_out_of_range_is_named_with_its_line_and_the_range() {
    assert_eq!(
        wrong("[command]\nport = 65536"),
        "slewgate.toml:2: [command] port: invalid value: integer `65536`, expected a whole number from 0 to 65535"
    );
    assert_eq!(
        wrong("[plugins.mount]\n\ncompute_ms = 0"),
        "slewgate.toml:3: [plugins.mount] compute_ms: invalid value: integer `0`, expected a whole number from 1 to 60000"
    );
    assert_eq!(
        wrong("[site]\nlongitude = 0\nlatitude = nan"),
        "slewgate.toml:3: [site] latitude: invalid value: floating point `NaN`, expected a number from -90 to 90"
    );
}

#[test]
fn text_that_is_no_toml_is_named_with_its_line() {
    assert!(
        wrong("[command]\nport = \n").starts_with("slewgate.toml:2: "),
        "{}",
        wrong("[command]\nport = \n")
    );
    assert!(
        wrong("[command").starts_with("slewgate.toml:1: "),
        "{}",
        wrong("[command")
    );
    assert!(wrong("[command]\nport = 1\nport = 2").starts_with("slewgate.toml:3: duplicate key"));
}

#[test]
fn a_plugin_can_only_open_a_line_that_is_there() {
    assert_eq!(
        wrong("[plugins.mount]\nlines = { port = \"wets\" }"),
        "slewgate.toml:2: [plugins.mount] lines.port: no line is called \"wets\"; there is east"
    );
    assert_eq!(
        wrong("[lines.west]\ndevice = \"/dev/ttyUSB0\""),
        "slewgate.toml: [plugins.mount] lines.port: no line is called \"east\"; there is west"
    );
}

#[test]
fn what_has_no_default_is_asked_for() {
    assert_eq!(
        wrong("[lines.west]\nbaud = 9600"),
        "slewgate.toml:1: [lines.west] device is missing: a path such as /dev/ttyUSB0, tcp://HOST:PORT, udp://HOST:PORT, or simulator:lx200"
    );
    assert_eq!(
        wrong("[plugins.catalog]\nsettings = {}"),
        "slewgate.toml:1: [plugins.catalog] component is missing: the name of a file in handlers/"
    );
    assert_eq!(
        wrong("[site]\nlatitude = 51.5"),
        "slewgate.toml:1: [site] longitude is missing; degrees, east positive"
    );
}

#[test]
fn a_focuser_is_simulated_on_a_line_of_its_own() {
    let config = parsed(
        "[lines.east]\n[lines.focus]\ndevice = \"simulator:moonlite\"\n[plugins.mount]\n[plugins.focuser]\ncomponent = \"focuser.wasm\"\nlines = { port = \"focus\" }\nsettings = { maximum = 50000 }",
    );
    assert_eq!(
        config.lines["focus"].device,
        Device::Simulator(Family::Moonlite)
    );
    assert_eq!(config.plugins["focuser"].lines["port"], "focus");
    assert_eq!(config.plugins["mount"].component, "lx200.wasm");
}

#[test]
fn a_mount_of_another_family_is_simulated_by_its_name() {
    let config = parsed(
        "[lines.east]\ndevice = \"simulator:nexstar\"\n[plugins.mount]\ncomponent = \"nexstar.wasm\"",
    );
    assert_eq!(
        config.lines["east"].device,
        Device::Simulator(Family::Nexstar)
    );
}

#[test]
fn a_simulator_is_named_with_its_dialect_or_is_a_classic() {
    for (device, dialect) in [
        ("simulator:lx200", Dialect::Classic),
        ("simulator:lx200/classic", Dialect::Classic),
        ("simulator:lx200/onstep", Dialect::OnStep),
    ] {
        let config = parsed(&format!("[lines.east]\ndevice = \"{device}\""));
        assert_eq!(
            config.lines["east"].device,
            Device::Simulator(Family::Lx200(dialect))
        );
    }
}

#[test]
fn a_device_that_the_host_cannot_open_is_refused() {
    assert_eq!(
        wrong("[lines.east]\ndevice = \"simulator:lx20\""),
        "slewgate.toml:2: [lines.east] device: no simulator is called \"lx20\"; there are simulator:lx200/classic, simulator:lx200/onstep, simulator:skywatcher/eq6, simulator:skywatcher/azeq6, simulator:nexstar, simulator:moonlite"
    );
    assert_eq!(
        wrong("[lines.east]\ndevice = \"http://10.0.0.7:9999\""),
        "slewgate.toml:2: [lines.east] device: http:// is no kind of line that is known; a path such as /dev/ttyUSB0, tcp://HOST:PORT or udp://HOST:PORT, or simulator:lx200"
    );
    assert_eq!(
        wrong("[lines.east]\ndevice = \"tcp://10.0.0.7\""),
        "slewgate.toml:2: [lines.east] device: \"tcp://10.0.0.7\" is not tcp://HOST:PORT, such as tcp://10.0.0.7:9999"
    );
    assert_eq!(
        wrong("[lines.east]\nquiet_ms = 20_000"),
        "slewgate.toml:2: [lines.east] quiet_ms: invalid value: integer `20000`, expected a whole number from 0 to 10000"
    );
}

#[test]
fn a_line_leads_to_a_udp_port_of_an_adapter_or_to_simulated_motors() {
    let config = parsed("[lines.east]\ndevice = \"udp://192.168.4.1:11880\"");
    let (host, port) = ("192.168.4.1".to_owned(), 11_880);
    assert_eq!(
        config.lines["east"].device,
        Device::Hardware(Address::Udp { host, port })
    );
    for (device, model) in [
        ("simulator:skywatcher", SkywatcherModel::Eq6),
        ("simulator:skywatcher/azeq6", SkywatcherModel::AzEq6),
    ] {
        let config = parsed(&format!("[lines.east]\ndevice = \"{device}\""));
        assert_eq!(
            config.lines["east"].device,
            Device::Simulator(Family::Skywatcher(model))
        );
    }
}

#[test]
fn a_line_leads_to_a_tcp_port_too_and_has_a_quiet_time() {
    let config = parsed("[lines.east]\ndevice = \"tcp://10.0.0.7:9999\"\nquiet_ms = 2_000");
    let line = &config.lines["east"];
    let (host, port) = ("10.0.0.7".to_owned(), 9999);
    assert_eq!(line.device, Device::Hardware(Address::Tcp { host, port }));
    assert_eq!(line.quiet, Duration::from_secs(2));
}

#[test]
fn a_component_is_a_file_in_its_directory_and_nowhere_else() {
    assert_eq!(
        wrong("[plugins.mount]\ncomponent = \"../lx200.wasm\""),
        "slewgate.toml:2: [plugins.mount] component: \"../lx200.wasm\" is no name of a .wasm file in handlers/"
    );
}

#[test]
fn names_are_plain_and_not_the_hosts_own() {
    assert_eq!(
        wrong("[lines.east]\n[plugins.host]\ncomponent = \"lx200.wasm\""),
        "slewgate.toml:2: [plugins.host]: the host's own commands have this name; choose another"
    );
    assert_eq!(
        wrong("[policies.\"Big Telescope\"]"),
        "slewgate.toml:1: [policies.Big Telescope]: names are 1 to 32 of a-z, 0-9 and -"
    );
}

#[test]
fn an_address_that_no_browser_calls_a_page_by_is_refused() {
    let urls = |url: &str| format!("[web]\npublic_urls = [\"http://10.0.0.7\", {url:?}]");
    for fine in [
        "https://scope.example:8443",
        "HTTPS://Scope.example/",
        "http://[::1]:5000",
    ] {
        assert_eq!(parsed(&urls(fine)).public_urls.len(), 2, "{fine}");
    }
    for useless in [
        "scope.example",
        "https://scope.example/page",
        "https://a@b",
        "https://",
        "ws://a",
        "null",
    ] {
        let expected = format!(
            "slewgate.toml:2: [web] public_urls: {useless:?} is not scheme, name and port alone, such as https://scope.example:8443"
        );
        assert_eq!(wrong(&urls(useless)), expected);
    }
}

#[test]
fn a_clock_is_pretended_only_among_simulators() {
    let clock = Some(PretendedClock {
        start: 1_795_471_200_000.0,
        rate: 10.0,
    });
    assert_eq!(
        parsed("[clock]\nstart = 2026-11-23T22:00:00Z\nrate = 10").clock,
        clock
    );
    assert_eq!(
        parsed("[clock]\nstart = \"2026-11-23T22:00:00Z\"\nrate = 10").clock,
        clock
    );
    assert_eq!(
        wrong("[lines.east]\ndevice = \"/dev/ttyUSB0\"\n[clock]\nstart = 2026-11-23T22:00:00Z"),
        "slewgate.toml:4: [clock] start: [lines.east] is no simulator, and a real mount would point elsewhere"
    );
    assert_eq!(
        wrong("[clock]\nstart = \"tonight\""),
        "slewgate.toml:2: [clock] start: \"tonight\" is no RFC 3339 time such as 2026-11-23T22:00:00Z"
    );
    assert_eq!(
        wrong("[clock]\nrate = 2"),
        "slewgate.toml:2: [clock] rate: without [clock] start there is no clock to pretend"
    );
}

#[test]
fn ws_ip_is_the_address_of_all_three_ports() {
    let bound = |address: &str| {
        let config = with(&[("WS_IP", address)], "").unwrap();
        assert_eq!(
            (config.liveview.address.ip(), config.web.ip()),
            (config.command.address.ip(), config.command.address.ip())
        );
        config.command.address.ip()
    };
    assert_eq!(bound("127.0.0.1"), IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert_eq!(bound("::1"), IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert_eq!(
        wrong_with("WS_IP", "my-host"),
        "WS_IP: \"my-host\" is no address of a network interface; 0.0.0.0 is all, 127.0.0.1 this machine"
    );
}

#[test]
fn the_guides_variable_sets_the_limit() {
    assert_eq!(
        with(&[("REQUEST_LIMIT_PER_MINUTE", "5")], "")
            .unwrap()
            .admission
            .requests_per_minute
            .get(),
        5
    );
    assert_eq!(
        wrong_with("REQUEST_LIMIT_PER_MINUTE", "many"),
        "REQUEST_LIMIT_PER_MINUTE: [admission] requests_per_minute: invalid type: string \"many\", expected a whole number from 1 to 1000000"
    );
    assert_eq!(
        wrong_with("REQUEST_LIMIT_PER_MINUTE", "0"),
        "REQUEST_LIMIT_PER_MINUTE: [admission] requests_per_minute: invalid value: integer `0`, expected a whole number from 1 to 1000000"
    );
}

#[test]
fn variables_override_the_file_level_by_level() {
    let file = "[command]\nport = 4001\n[lines.east]\ndevice = \"/dev/ttyUSB0\"\nbaud = 4800";
    let variables = [
        ("SLEWGATE_COMMAND__PORT", "0"),
        ("SLEWGATE_LINES__EAST__DEVICE", "simulator:lx200"),
        ("HOME", "/root"),
    ];
    let config = with(&variables, file).unwrap();
    assert_eq!(config.command.address.port(), 0);
    assert_eq!(
        config.lines["east"].device,
        Device::Simulator(Family::Lx200(Dialect::Classic))
    );
    assert_eq!(config.lines["east"].baud, 4800);
    let pretended = with(&[("SLEWGATE_CLOCK__START", "2026-11-23T22:00:00Z")], "").unwrap();
    assert!(pretended.clock.is_some());
    let settings = with(
        &[("SLEWGATE_PLUGINS__MOUNT__SETTINGS__DIALECT", "auto")],
        "",
    )
    .unwrap();
    assert_eq!(
        json!(settings.plugins["mount"].settings),
        json!({"dialect": "auto"})
    );
}

#[test]
fn variables_that_are_no_keys_are_left_alone() {
    let variables = [
        ("SLEWGATE_DATA", "/tmp"),
        ("SLEWGATE_TOKEN", "x"),
        ("SLEWGATE_LOG", "debug"),
    ];
    assert_eq!(
        in_full(&with(&variables, "").unwrap()),
        in_full(&parsed(""))
    );
}

#[test]
fn nonsense_in_a_variable_is_named_by_the_variable() {
    assert_eq!(
        wrong_with("SLEWGATE_COMMAND__PORT", "four"),
        "SLEWGATE_COMMAND__PORT: [command] port: invalid type: string \"four\", expected a whole number from 0 to 65535"
    );
    assert_eq!(
        wrong_with("SLEWGATE_COMAND__PORT", "1"),
        "SLEWGATE_COMAND__PORT: unknown key comand; did you mean [command]?"
    );
    assert_eq!(
        wrong_with("SLEWGATE_COMMAND_PORT", "1"),
        "SLEWGATE_COMMAND_PORT: unknown key command_port; did you mean [command] port?"
    );
    assert_eq!(
        wrong_with("SLEWGATE_SERVER__NAMES", "[\"a\", 2]"),
        "SLEWGATE_SERVER__NAMES: [server] names: invalid type: integer `2`, expected a string"
    );
    assert_eq!(
        wrong_with("SLEWGATE_PLUGINS__MOUNT__LINES", "{ port = \"west\" }"),
        "SLEWGATE_PLUGINS__MOUNT__LINES: [plugins.mount] lines.port: no line is called \"west\"; there is east"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load(Some(Path::new("/nowhere/slewgate.toml")), &[]).unwrap_err();
    assert_eq!(error.place, "/nowhere/slewgate.toml");
    assert!(error.sentence.starts_with("cannot be read: "), "{error}");
}

#[test]
fn the_stop_of_a_line_is_bytes_in_one_text_or_several() {
    let line = |stop: &str| {
        let text = format!("[lines.east]\ndevice = \"/dev/ttyUSB0\"\n{stop}");
        parsed(&text).lines["east"].clone()
    };
    assert_eq!(line("").stop, None);
    let requests = |stop: &str| {
        let exchanges = line(stop).stop.unwrap().exchanges;
        let requests = exchanges.into_iter().map(|exchange| exchange.request);
        requests.collect::<Vec<_>>()
    };
    assert_eq!(requests(r#"stop = ":Q#""#), [b":Q#".to_vec()]);
    assert_eq!(
        requests(r"stop = ['\x50\x01', 'M\r']"),
        [b"P\x01".to_vec(), b"M\r".to_vec()]
    );
    let patient = line("stop = ':Q#'\nstop_patience_ms = 200").stop.unwrap();
    assert_eq!(patient.patience, Duration::from_millis(200));
}

#[test]
fn a_stop_that_is_none_is_told_what_to_write() {
    for (stop, why) in [
        ("stop = []", "0 texts; 1 to 8, such as \":Q#\""),
        ("stop = ''", "0 bytes in one text; 1 to 256"),
        (
            r"stop = '\q'",
            r#""\\q": after \ stands another, r, n, or x and two hexadecimal digits"#,
        ),
        (
            "stop = 5",
            "expected a text such as \":Q#\", or a list of them",
        ),
        (
            "stop = ':Q#'\nstop_patience_ms = 6000",
            "expected a whole number from 0 to 5000",
        ),
    ] {
        let told = wrong(&format!("[lines.east]\ndevice = '/dev/east'\n{stop}"));
        assert!(told.contains(why), "{stop}: {told}");
    }
}

#[test]
fn a_transcript_is_off_on_or_in_a_file_of_its_own() {
    let transcript = |value: &str| {
        let text = format!("[lines.east]\ndevice = '/dev/east'\ntranscript = {value}");
        parsed(&text).lines["east"].transcript.clone()
    };
    assert_eq!(transcript("false"), None);
    assert_eq!(transcript("true"), Some(Transcript::InData));
    let own = Transcript::At("east.jsonl".into());
    assert_eq!(transcript("'east.jsonl'"), Some(own));
}
