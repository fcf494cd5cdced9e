//! What a node writes to its log in the finest detail there is, while all kinds of secrets pass through it.

use serde_json::json;

use crate::support::handset::Handset;
use crate::support::handset::access::Schema;
use crate::support::handset::wake::{Channel, Ear, own_address};
use crate::support::peer::{secret_of, ssp};
use crate::support::unique;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const SOUTH: &str = "south.example";
const EAST: &str = "east.example";
const ACCESS: &str = "[access]\ntrusted_gateways = [\"127.0.0.1/32\"]\nauto_register = true\n";

/// What must stand in no log, with a word about what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn keep(&mut self, what: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{what} {secret:?} might stand in a log by chance");
        self.0.push((what, secret.clone()));
        secret
    }

    fn are_not_in(&self, log: &str) {
        assert!(log.contains("DEBUG"), "the detail asked for is not there");
        let mut found = Vec::new();
        for (what, form) in self.0.iter().flat_map(|(what, secret)| forms(secret).map(|form| (what, form))) {
            if let Some(line) = log.lines().find(|line| line.contains(&form)) {
                found.push(format!("{what}: {}", line.chars().take(300).collect::<String>()));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    fn keep_of(&mut self, answer: &Node) {
        for name in ["SessionID", "Nonce", "Password", "DigestBytes", "SessionCookie"] {
            if let Some(found) = answer.any(name) {
                self.keep("of an answer", found.text.trim());
            }
        }
    }
}

/// The ways in which programs write bytes to logs: as text, as numbers, in hexadecimal.
fn forms(secret: &str) -> [String; 3] {
    let numbers: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    let hexadecimal = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    [secret.to_owned(), numbers.join(", "), hexadecimal]
}

fn code(answer: &Node) -> u32 {
    answer.number_at("Result/Code").unwrap()
}

/// A phone with an unusual password.
async fn phone(world: &World, secrets: &mut Secrets, domain: &str, phone: Phone, tls: bool) -> Handset {
    let password = secrets.keep("a password", unique("word"));
    let number = secrets.keep("a number", format!("3584{:08}", rand::random_range(0..100_000_000_u32)));
    let id = unique("user");
    world.add_user(domain, json!({"id": id, "password": password, "msisdn": number, "email": "a@b.example"})).await;
    let handset = if tls { world.tls_phone("alice", domain, phone) } else { world.phone("alice", domain, phone) };
    let mut handset = handset.of(&format!("wv:{id}@{domain}"), &password).with_cookie(&unique("biscuit"));
    secrets.keep("a cookie", handset.cookie());
    handset.headers.clear();
    handset
}

/// A phone that is woken by every way there is, with a stranger who says its id where it counts for nothing.
async fn is_woken(world: &World, secrets: &mut Secrets, kind: Phone) {
    let mut alice = phone(world, secrets, NORTH, kind, false).await;
    let address = own_address();
    let mut bob = phone(world, secrets, NORTH, kind.next(), false).await.at(world.http_at(address));
    for method in ["STCP", "SUDP", "WAPUDP", "SHTTP"] {
        if method == "SHTTP" && bob.version == Version::V11 {
            continue;
        }
        let mut ear = bob.login_with(method, address).await;
        secrets.keep("a session", bob.session.clone().unwrap());
        if let Ear::Page(url, _) = &ear {
            secrets.keep("the key of a page", url.rsplit('/').next().unwrap());
        }
        alice.login().await;
        secrets.keep("a session", alice.session.clone().unwrap());
        let text = secrets.keep("a message", unique("whispered"));
        alice.says(&text).to([&bob.user]).await.accepted();
        bob.is_woken(&mut ear).await;
        bob.hears(&text).await;
        let over = bob.session.clone().unwrap();
        bob.logout().await;
        let mut stranger = Channel::connect(world.ports(NORTH).cir).await;
        let nonsense = secrets.keep("what a stranger says", unique("nonsense"));
        stranger.says(&format!("{nonsense}\r\nHELO {over}\r\n")).await;
        assert_eq!(stranger.end().await, "");
    }
    let page = secrets.keep("the key of no page", unique("page"));
    let url = format!("http://{}/cir/{page}", world.ports(NORTH).csp);
    assert_eq!(alice.http().ask(hyper::Method::GET, &url, &[], Vec::new()).await.unwrap().status, 404);
}

/// Everything a phone does that shows a secret.
async fn shows_secrets(world: &World, secrets: &mut Secrets, kind: Phone, tls: bool) {
    let mut alice = phone(world, secrets, NORTH, kind, tls).await;
    let mut bob = phone(world, secrets, SOUTH, kind.next(), false).await;
    bob.login().await;
    secrets.keep("a session", bob.session.clone().unwrap());

    // A password in clear, a wrong one, digests right and wrong and again.
    alice.login().await;
    secrets.keep("a session", alice.session.clone().unwrap());
    alice.logout().await;
    let wrong = secrets.keep("a wrong password", unique("wrong"));
    assert_eq!(code(&alice.ask(alice.login_request([leaf("Password", &wrong)])).await), 409);
    for (schema, word) in [(Schema::Md5, alice.password().to_owned()), (Schema::Sha, wrong.clone())] {
        let first = alice.offer_schemas(&[schema.name()]).await;
        secrets.keep_of(&first);
        let digest = secrets.keep("a digest", schema.digest(first.text_at("Nonce").unwrap(), &word));
        let second = alice.login_request([leaf("DigestBytes", digest)]);
        let answer = alice.ask(second.clone()).await;
        assert!(matches!(code(&answer), 200 | 409));
        secrets.keep_of(&answer);
        assert_eq!(code(&alice.ask(second).await), 401);
    }
    // The password where the name belongs.
    let swapped = secrets.keep("a password in the wrong place", unique("swapped"));
    let request = alice.login_request([leaf("Password", &swapped)]);
    let mut mistaken = request.clone();
    mistaken.children[0] = leaf("UserID", &swapped);
    assert_eq!(code(&alice.ask(mistaken).await), 531);

    // A session taken up, one that is unknown, one that is broken.
    alice.login().await;
    let session = secrets.keep("a session", alice.session.clone().unwrap());
    assert_eq!(code(&alice.ask(alice.login_request([leaf("SessionID", &session)])).await), 200);
    let unknown = secrets.keep("an unknown session", unique("session"));
    assert_eq!(code(&alice.ask(alice.login_request([leaf("SessionID", &unknown)])).await), 502);
    alice.session = Some(unknown.clone());
    assert_eq!(code(&alice.ask(node("KeepAlive-Request", [])).await), 604);
    alice.session = Some(session);

    // A number in the place of the name, and numbers of subscribers, known and new, trusted and foreign.
    let stated = secrets.keep("a number", format!("3585{:08}", rand::random_range(0..100_000_000_u32)));
    let mut named = world.phone("alice", NORTH, kind).of(&format!("+{stated}"), &wrong);
    assert!(matches!(named.try_login().await, 531 | 503));
    let mut frank = world.phone("alice", NORTH, kind).with_header("X-Network-MSISDN", &stated);
    let mut nameless = frank.login_request([]);
    nameless.children[0] = leaf("UserID", "");
    let answer = frank.ask(nameless.clone()).await;
    assert_eq!(code(&answer), if kind.version == Version::V13 { 200 } else { 531 }, "{answer:?}");
    secrets.keep_of(&answer);
    let mut foreign = frank.at(world.http_from([127, 0, 0, 2]));
    assert!(matches!(code(&foreign.ask(nameless).await), 531 | 920));

    // A message to another domain.
    let text = secrets.keep("a message", unique("whispered"));
    alice.says(&text).to([&bob.user]).await.accepted();
    bob.hears(&text).await;

    // Documents that can't be read, with a secret at the place of the fault.
    let broken = secrets.keep("a secret in a broken document", unique("broken"));
    let root = format!("<WV-CSP-Message xmlns=\"{}\">", kind.version.csp());
    for document in [
        format!("{root}<Session><Password>{broken}"),
        format!("{root}<Password>{broken}</Password></WV-CSP-Message>"),
        format!("{root}<Session><SessionDescriptor><SessionType>{broken}</SessionType></SessionDescriptor></Session>"),
        format!("{root}<Session><{broken}/></Sessio></WV-CSP-Message>"),
        broken.clone(),
    ] {
        let answer = alice.raw(document, "application/vnd.wv.csp.xml").await.unwrap();
        assert_eq!(answer.status, 200);
    }
    alice.logout().await;
    bob.logout().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_a_log_in_any_detail() {
    let world = World::new().domain(NORTH).domain(SOUTH).with(ACCESS).logging("trace").start().await;
    let mut secrets = Secrets::default();
    for domain in [NORTH, SOUTH] {
        secrets.keep("the admin token", world.admin_token(domain));
    }
    for (number, kind) in Phone::ALL.into_iter().enumerate() {
        shows_secrets(&world, &mut secrets, kind, number % 2 == 0).await;
        is_woken(&world, &mut secrets, kind).await;
    }
    for domain in [NORTH, SOUTH] {
        secrets.keep("a sealing key", world.read_file(domain, "secret.key").trim());
        world.admin("GET", domain, "/api/v1/users?limit=1000").await;
        world.admin("GET", domain, "/api/v1/sessions").await;
    }
    assert!(secrets.0.len() > 100, "{}", secrets.0.len());
    for domain in [NORTH, SOUTH] {
        secrets.are_not_in(&world.log(domain).await);
    }
}

#[tokio::test]
async fn no_secret_of_a_session_with_a_peer_stands_in_a_log_in_any_detail() {
    let world = World::new().domain(NORTH).scripted(EAST).logging("trace").start().await;
    let peer = world.peer(EAST).await;
    let mut secrets = Secrets::default();
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = secrets.keep("a message", unique("whispered"));
    alice.says(&text).to(["wv:eve@east.example"]).await.accepted();
    peer.takes("the message", |incoming| !incoming.setup && incoming.asks).await;
    for step in peer.arrived().iter().filter(|incoming| incoming.setup) {
        let said = &step.primitive;
        match said.name.as_str() {
            "SendSecretToken" => secrets.keep("the node's secret", secret_of(step)),
            "LoginRequest" => secrets.keep("the node's digest", said.text_at("PasswordDigest").unwrap()),
            "LoginResponse" => secrets.keep("the node's session", ssp::session_of(said)),
            other => panic!("{other}"),
        };
    }
    for session in peer.arrived().into_iter().filter_map(|incoming| incoming.session) {
        secrets.keep("a session", session);
    }
    assert!(secrets.0.len() >= 5, "{}", secrets.0.len());
    secrets.are_not_in(&world.log(NORTH).await);
}
