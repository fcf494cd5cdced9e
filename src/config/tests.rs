//! Whole configurations, good and bad.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use super::section::{Need, Schema, Section};
use super::*;
use crate::address::Domain;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_796_000_000_000); // 2026-11-30
const DAY_MS: u64 = 86_400_000;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn load_with(dir: &TempDir, variables: &[(&str, &str)], now: Timestamp) -> Loaded {
    let environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    load(&dir.path().join("postern.toml"), &environment, now)
}

fn load_text(text: &str) -> Loaded {
    load_with(&folder(&[("postern.toml", text)]), &[], NOW)
}

fn shown(loaded: &Loaded) -> String {
    loaded.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn a_domain_is_enough_and_the_rest_has_its_defaults() {
    let dir = folder(&[("postern.toml", "domain = \"North.Example\"")]);
    let loaded = load_with(&dir, &[], NOW);
    assert_eq!(shown(&loaded), "");
    let config = loaded.config.unwrap();
    assert_eq!(config.domain.as_str(), "north.example");
    assert_eq!(config.data_dir, dir.path().join("data"));
    assert_eq!(config.peers, dir.path().join("peers"));
    assert_eq!(config.key_file, dir.path().join("secret.key"));
    assert_eq!(config.admin.token_file, dir.path().join("admin.token"));
    assert_eq!(config.listen, Listen::default());
    assert!(config.tls.is_none() && config.csp_tls.is_none() && config.users.is_none());
    assert_eq!(config.services.im, Pse::Local);
    assert_eq!(config.access.msisdn_headers, ["X-Network-MSISDN"]);
    assert_eq!(config.access.keep_alive_max, Duration::from_secs(7200));
    assert_eq!(config.messages.max_size, 262_144);
    assert_eq!(config.timers, Timers::default());
    assert_eq!(config.timers.retry.last(), Some(&Duration::from_secs(60)));
}

#[test]
fn the_contract_s_own_example_is_read() {
    let text = r#"
        domain = "north.example"
        aliases = []
        data_dir = "data"
        peers = "peers"
        [listen]
        csp = "127.0.0.1:0"
        admin = "127.0.0.1:0"
        [advertise]
        csp_url = "https://chat.north.example/"
        [services]
        presence = "local"
        im = "south.example"
        group = "none"
        content = "far.example"
        [access]
        trusted_gateways = ["10.0.0.0/8"]
        clear_passwords = "never"
        [messages]
        offline = "refuse"
        default_validity = "1d"
        max_size = "1 MiB"
        [provider]
        name = "North"
        logo = ""
        [dns]
        servers = ["192.0.2.53"]
        [timers]
        result_wait = "300ms"
        retry = ["1s", "2s"]
    "#;
    let peer = r#"
        domain = "south.example"
        url = "https://127.0.0.1:9443/"
        names = ["South.Example"]
        [agreement]
        provide = ["im", "presence:GETPR"]
        use = ["common"]
        valid_until = 2030-01-01T00:00:00Z
        [route]
        domains = ["far.example"]
        [limits]
        body = 1000
    "#;
    let loaded = load_with(&folder(&[("postern.toml", text), ("peers/south.example.toml", peer)]), &[], NOW);
    assert_eq!(shown(&loaded), "");
    let config = loaded.config.unwrap();
    assert_eq!(config.services.im, Pse::Domain("south.example".parse().unwrap()));
    assert_eq!(config.services.group, Pse::None);
    assert_eq!(config.dns_servers, ["192.0.2.53:53".parse().unwrap()]);
    assert_eq!(config.timers.result_wait, Duration::from_millis(300));
    assert_eq!(config.provider.logo, None);
    let [peer] = loaded.peers.as_slice() else { panic!("one peer") };
    assert_eq!(peer.names, ["south.example"]);
    assert_eq!(peer.limits, PeerLimits { body: 1000, ..PeerLimits::default() });
    assert_eq!(peer.agreement.valid_until, Some(Timestamp(1_893_456_000_000)));
    assert_eq!(peer.lines["agreement.provide"], 6);
    assert_eq!(agreed_functions(&peer.agreement.provide, "im"), Some(vec![]));
    assert_eq!(agreed_functions(&peer.agreement.provide, "presence"), Some(vec!["GETPR"]));
    assert_eq!(agreed_functions(&peer.agreement.provide, "group"), None);
}

#[test]
fn a_variable_goes_before_the_file() {
    let dir = folder(&[("postern.toml", "domain = \"north.example\"\n[listen]\ncsp = \"127.0.0.1:1\"")]);
    let variables = [
        ("POSTERN_DOMAIN", "south.example"),
        ("POSTERN_ALIASES", "a.example, b.example"),
        ("POSTERN_LISTEN__CSP", ""),
        ("POSTERN_LISTEN__ADMIN", "127.0.0.1:2"),
        ("POSTERN_ACCESS__AUTO_REGISTER", "true"),
        ("POSTERN_ACCESS__TRUSTED_GATEWAYS", "10.0.0.1, 10.0.0.2"),
        ("POSTERN_MESSAGES__MAX_SIZE", "1000"),
        ("POSTERN_TIMERS__RETRY", "[\"1s\", \"2s\"]"),
        ("POSTERN_DATA_DIR", "elsewhere"),
        ("POSTERN_SERVICE_HOST", "10.0.0.1"),
        ("HOME", "/home/north"),
    ];
    let loaded = load_with(&dir, &variables, NOW);
    assert_eq!(shown(&loaded), "");
    let config = loaded.config.unwrap();
    assert_eq!(config.domain.as_str(), "south.example");
    assert_eq!(config.aliases.iter().map(Domain::as_str).collect::<Vec<_>>(), ["a.example", "b.example"]);
    assert_eq!((config.listen.csp, config.listen.admin), (None, Some("127.0.0.1:2".parse().unwrap())));
    assert!(config.access.auto_register);
    assert_eq!(config.messages.max_size, 1000);
    assert_eq!(config.timers.retry, [1, 2].map(Duration::from_secs));
    assert_eq!(config.data_dir, dir.path().join("elsewhere"));
}

#[test]
fn a_variable_alone_can_make_a_section() {
    let dir = folder(&[("postern.toml", "domain = \"north.example\"")]);
    let loaded = load_with(&dir, &[("POSTERN_TLS__CERT", "c.pem")], NOW);
    let findings = shown(&loaded);
    assert!(findings.contains("tls.key is missing") && findings.contains("tls.ca is missing"), "{findings}");
}

#[test]
fn every_documented_key_is_read() {
    let misuse = |schema: &Schema, key: &str| match schema.table {
        "" => format!("{key} = {{ nonsense = 1 }}\n"),
        "user" => format!("[[user]]\n{key} = {{ nonsense = 1 }}\n"),
        table => format!("[{table}]\n{key} = {{ nonsense = 1 }}\n"),
    };
    let assert_read = |schema: &Schema, loaded: &Loaded, file: &str, key: &str| {
        let line = if schema.table.is_empty() { 1 } else { 2 };
        let hit = loaded
            .findings
            .iter()
            .any(|f| f.file == file && f.line == line && f.what.contains(key) && !f.what.contains("unknown"));
        assert!(hit, "[{}] {key}:\n{}", schema.table, shown(loaded));
    };
    let node = "domain = \"north.example\"\n";
    for schema in reference::node_schemas() {
        for key in &schema.keys {
            let loaded = load_text(&misuse(&schema, key.name));
            assert_read(&schema, &loaded, "postern.toml", key.name);
        }
    }
    for schema in reference::peer_schemas() {
        for key in &schema.keys {
            let dir = folder(&[("postern.toml", node), ("peers/p.toml", &misuse(&schema, key.name))]);
            assert_read(&schema, &load_with(&dir, &[], NOW), "peers/p.toml", key.name);
        }
    }
    let schema = UserEntry::schema();
    for key in &schema.keys {
        let node = format!("{node}users = \"users.toml\"");
        let dir = folder(&[("postern.toml", &node), ("users.toml", &misuse(&schema, key.name))]);
        assert_read(&schema, &load_with(&dir, &[], NOW), "users.toml", key.name);
    }
}

#[test]
fn every_default_is_read_as_it_is_documented() {
    let mut text = "domain = \"north.example\"\n".to_owned();
    for schema in reference::node_schemas() {
        let defaults = schema.keys.iter().filter_map(|key| match &key.default {
            Need::Default(Some(default)) => Some(format!("{} = {default}\n", key.name)),
            _ => None,
        });
        let defaults: String = defaults.collect();
        if !schema.table.is_empty() && !defaults.is_empty() && schema.table != "tls" {
            text.push_str(&format!("[{}]\n", schema.table));
        }
        if schema.table != "tls" {
            text.push_str(&defaults);
        }
    }
    let dir = folder(&[("postern.toml", &text), ("peers/.keep", "")]);
    let written = load_with(&dir, &[], NOW);
    assert_eq!(shown(&written), "", "{text}");
    std::fs::write(dir.path().join("postern.toml"), "domain = \"north.example\"\n").unwrap();
    let left_out = load_with(&dir, &[], NOW);
    assert_eq!(format!("{:?}", written.config), format!("{:?}", left_out.config));
}

#[test]
fn no_answer_takes_longer_than_the_most_impatient_phone_waits() {
    let timers = Timers::default();
    assert!(timers.result_wait.max(timers.query_wait).max(timers.long_poll) < Duration::from_secs(45));
    let loaded = load_text("domain = \"north.example\"\n[timers]\nresult_wait = \"46s\"\nquery_wait = \"44s\"");
    let findings = shown(&loaded);
    assert!(findings.contains("timers.result_wait is 46 s, when phones have given up"), "{findings}");
    assert!(!findings.contains("query_wait") && loaded.config.is_some(), "a warning: {findings}");
}

#[test]
fn too_much_trust_in_gateways_and_too_little_is_a_warning() {
    let access = |text: &str| load_text(&format!("domain = \"north.example\"\n[access]\n{text}"));
    for (text, warned) in [
        ("trusted_gateways = [\"10.0.0.0/8\", \"2001:db8::/32\"]\nauto_register = true", None),
        ("trusted_gateways = [\"0.0.0.0/1\"]", Some("trusts all of 0.0.0.0/1")),
        ("trusted_gateways = [\"10.1.0.1\", \"::/0\"]", Some("access.trusted_gateways[1] trusts all of ::/0")),
        ("auto_register = true", Some("access.auto_register is true, but nobody can state a number")),
        (
            "trusted_gateways = [\"10.1.0.1\"]\nmsisdn_headers = []\nauto_register = true",
            Some("access.auto_register is true, but nobody can state a number"),
        ),
    ] {
        let loaded = access(text);
        let findings = shown(&loaded);
        assert!(loaded.config.is_some(), "{findings}");
        assert!(warned.map_or(findings.is_empty(), |warned| findings.contains(warned)), "{text}: {findings}");
    }
}

#[test]
fn a_misplaced_key_is_sent_home() {
    let findings = shown(&load_text("domain = \"north.example\"\n[listen]\nusers = \"u\"\nca = \"x\"\n"));
    assert!(findings.contains("listen.users is unknown: it belongs above the first table"), "{findings}");
    assert!(findings.contains("listen.ca is unknown: it belongs in [tls]"), "{findings}");
}

#[test]
fn text_that_is_not_utf_8_is_reported_and_the_rest_read() {
    let dir = folder(&[]);
    let bytes = b"domain = \"north.example\"\n[provider]\nname = \"\xff\"\n[listen]\ncsp = 1\n";
    std::fs::write(dir.path().join("postern.toml"), bytes).unwrap();
    let loaded = load_with(&dir, &[], NOW);
    let lines: Vec<usize> = loaded.findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [3, 5], "{}", shown(&loaded));
    assert!(loaded.config.is_none());
}

#[test]
fn a_faulty_peer_file_leaves_the_others() {
    let dir = folder(&[
        ("postern.toml", "domain = \"north.example\""),
        ("peers/a.example.toml", "domain = \"a.example\""),
        ("peers/b.example.toml", "domain = \"b.example\"\nurl = 5"),
        ("peers/c.example.toml", "domain = \"c.example\"\n[agreement]\nrelay_for = [\"north.example\"]"),
        ("peers/d.example.toml", "domain = \"A.example\""),
        ("peers/notes.txt", "not a peer"),
        ("peers/.hidden.toml", "not a peer"),
    ]);
    let config = load_with(&dir, &[], NOW).config.unwrap();
    let files = load_peers(&config, NOW);
    assert_eq!(files.peers.iter().map(|peer| peer.domain.as_str()).collect::<Vec<_>>(), ["a.example"]);
    let failed: Vec<PathBuf> =
        ["b", "c", "d"].iter().map(|name| dir.path().join(format!("peers/{name}.example.toml"))).collect();
    assert_eq!(files.failed, failed);
    let errors = files.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    assert_eq!(errors, 3, "{:?}", files.findings);
}

#[test]
fn peers_are_warned_about_what_is_odd() {
    let peer = "domain = \"b.example\"\n[agreement]\nvalid_until = 2020-01-01T00:00:00+02:00\n";
    let dir = folder(&[("postern.toml", "domain = \"north.example\""), ("peers/other.toml", peer)]);
    let loaded = load_with(&dir, &[], NOW);
    let findings = shown(&loaded);
    assert!(!loaded.has_errors(), "{findings}");
    assert!(findings.contains("call it b.example.toml") && findings.contains("the agreement has ended"), "{findings}");
    assert_eq!(loaded.peers.len(), 1);
}

#[test]
fn users_are_read_and_their_passwords_stay_unseen() {
    let users = r#"
        [[user]]
        id = "Alice"
        password = "wonderland"
        msisdn = "+358401234567"
        [[user]]
        id = "bob@north.example"
        password = "x"
        [[user]]
        id = "carol"
        password = "x"
        msisdn = "358401234567"
        [[user]]
        id = "dave"
        password = "x"
        login = "hashed"
        services = { im = "nowhere.example" }
        [[user]]
        id = "eve"
        password = "x"
        services = { im = "none", telephony = "local" }
        [[user]]
        id = "frank"
        password = ""
    "#;
    let node = "domain = \"north.example\"\nusers = \"users.toml\"";
    let loaded = load_with(&folder(&[("postern.toml", node), ("users.toml", users)]), &[], NOW);
    assert_eq!(loaded.users.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["alice"]);
    assert_eq!(loaded.users[0].login, LoginClass::Digest);
    assert!(!format!("{loaded:?}").contains("wonderland"));
    let findings = shown(&loaded);
    for what in
        ["without wv:, domain", "msisdn of carol", "services.im of dave", "telephony is no service", "frank is empty"]
    {
        assert!(findings.contains(what), "{what}:\n{findings}");
    }
    assert_eq!(loaded.findings.len(), 5, "{findings}");
    assert!(loaded.config.is_some(), "users don't keep a node from running");
}

#[test]
fn a_missing_users_file_is_a_fault_of_the_key() {
    let findings = shown(&load_text("domain = \"north.example\"\nusers = \"users.toml\"\n"));
    assert!(findings.starts_with("postern.toml:2: users names "), "{findings}");
}

#[test]
fn listeners_do_not_share_a_port() {
    let text = "domain = \"north.example\"\n[listen]\ncsp = \"127.0.0.1:80\"\nadmin = \"0.0.0.0:80\"\n";
    let findings = shown(&load_text(text));
    assert!(findings.contains("postern.toml:4: listen.admin is 0.0.0.0:80, where csp listens too"), "{findings}");
}

/// A node with certificates in force from 2026-01-01 to 2028-01-01.
fn node_with_certificates(name: &str) -> TempDir {
    let dir = folder(&[(
        "postern.toml",
        "domain = \"north.example\"\n[listen]\nssp = \"127.0.0.1:0\"\n[tls]\ncert = \"n.pem\"\nkey = \"n.key\"\nca = \"ca.pem\"\n",
    )]);
    let period = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2028, 1, 1);
        params
    };
    let mut params = period(&[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = period(&[name]).signed_by(&key, &authority).unwrap();
    write_secret(&dir.path().join("n.key"), &key.serialize_pem());
    std::fs::write(dir.path().join("n.pem"), certificate.pem()).unwrap();
    std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
    dir
}

fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn certificates_that_fit_have_no_finding() {
    assert_eq!(shown(&load_with(&node_with_certificates("North.example"), &[], NOW)), "");
}

#[test]
fn certificates_that_do_not_fit_are_told_apart() {
    let end = 1_830_297_600_000; // 2028-01-01
    let dir = node_with_certificates("north.example");
    for (now, what, error) in [
        (Timestamp(end - 20 * DAY_MS), "expires in 20 days", false),
        (Timestamp(end + DAY_MS), "n.pem, which has expired", true),
        (Timestamp(1_600_000_000_000), "which is not in force yet", true),
    ] {
        let loaded = load_with(&dir, &[], now);
        assert!(shown(&loaded).contains(what), "{what}:\n{}", shown(&loaded));
        assert_eq!(loaded.has_errors(), error, "{what}");
    }
    let strange = node_with_certificates("west.example");
    let findings = shown(&load_with(&strange, &[], NOW));
    assert!(findings.starts_with("postern.toml:5: tls.cert names "), "{findings}");
    assert!(findings.contains("doesn't carry the DNS name north.example (only west.example)"), "{findings}");

    std::fs::copy(strange.path().join("n.key"), dir.path().join("n.key")).unwrap();
    let findings = shown(&load_with(&dir, &[], NOW));
    assert!(findings.contains("tls.key doesn't belong to the certificate"), "{findings}");

    std::fs::write(dir.path().join("n.key"), "no key").unwrap();
    std::fs::write(dir.path().join("ca.pem"), "no certificate").unwrap();
    std::fs::remove_file(dir.path().join("n.pem")).unwrap();
    let findings = shown(&load_with(&dir, &[], NOW));
    for what in ["n.pem, which doesn't exist", "n.key, which holds no private key", "tls.ca holds no certificate"] {
        assert!(findings.contains(what), "{what}:\n{findings}");
    }
}

#[test]
fn a_certificate_for_servers_only_does_not_do_between_peers() {
    let dir = node_with_certificates("north.example");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["north.example".to_owned()]).unwrap();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    std::fs::write(dir.path().join("n.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    write_secret(&dir.path().join("n.key"), &key.serialize_pem());
    let findings = shown(&load_with(&dir, &[], NOW));
    assert!(findings.contains("both as client and as server"), "{findings}");
}

#[test]
fn a_key_others_may_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let dir = node_with_certificates("north.example");
    std::fs::set_permissions(dir.path().join("n.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let loaded = load_with(&dir, &[], NOW);
    assert!(shown(&loaded).contains("which others may read (mode 0644): chmod 600"), "{}", shown(&loaded));
    assert!(loaded.config.is_some());
}

#[test]
fn a_peer_s_authority_is_read_into_it() {
    let dir = node_with_certificates("north.example");
    std::fs::create_dir(dir.path().join("peers")).unwrap();
    let peer = dir.path().join("peers/south.example.toml");
    std::fs::write(&peer, "domain = \"south.example\"\nca = \"../ca.pem\"\n").unwrap();
    let pem = std::fs::read_to_string(dir.path().join("ca.pem")).unwrap();
    let loaded = load_with(&dir, &[], NOW);
    assert_eq!(loaded.peers[0].ca_pem.as_deref(), Some(pem.as_str()));
    std::fs::write(&peer, format!("domain = \"south.example\"\nca_pem = \"\"\"\n{pem}\"\"\"\n")).unwrap();
    assert_eq!(load_with(&dir, &[], NOW).peers[0].ca_pem.as_deref(), Some(pem.as_str()));
    std::fs::write(&peer, "domain = \"south.example\"\nca_pem = \"none\"\nca = \"x.pem\"").unwrap();
    assert!(shown(&load_with(&dir, &[], NOW)).contains("both ca and ca_pem"));
}

#[test]
fn the_example_peer_files_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let (peer, findings) = read_peer(&path, NOW);
            assert!(peer.is_some() && findings.is_empty(), "{findings:?}");
            read += 1;
        }
    }
    assert!(read >= 2, "the examples are there");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_everywhere(&bytes);
    }

    #[test]
    fn no_toml_like_text_makes_reading_panic(text in "([a-z_]{1,9} ?= ?[\\[\\]{}\"'0-9a-z:/., -]{0,20}\n|\\[{1,2}[a-z_]{0,9}\\]{1,2}\n){0,12}") {
        read_everywhere(text.as_bytes());
    }

    #[test]
    fn no_change_of_a_good_file_makes_reading_panic(at in 0usize..4000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = include_bytes!("../../peers/south.example.toml").to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        read_everywhere(&bytes);
    }
}

fn read_everywhere(bytes: &[u8]) {
    let dir = folder(&[("peers/.keep", "")]);
    for name in ["postern.toml", "peers/p.toml", "users.toml"] {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let _ = load_with(&dir, &[("POSTERN_USERS", "users.toml"), ("POSTERN_TIMERS__RETRY", "[")], NOW);
}
