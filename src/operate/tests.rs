//! The router as a script sees it.

mod sessions;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::address::{Address, Domain};
use crate::config::{self, Access, Agreement, Messages};
use crate::ident::SessionId;
use crate::messaging::{self, Messaging};
use crate::relay;
use crate::sap;
use crate::store::{self, Changes};
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::primitive::Service;
use crate::vocabulary::{Element, Version};

const TOKEN: &str = "abcdefghijklmnop";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// Checks the shape of an error; its message and remedy.
    fn error(&self, status: StatusCode) -> (String, String) {
        assert_eq!(self.status, status, "{}", self.body);
        let error = &self.json()["error"];
        assert!(error["code"].is_string(), "{}", self.body);
        let text = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("{}", self.body)).to_owned();
        (text("message"), text("remedy"))
    }
}

/// A node whose only peer is south.example.
struct Node;

impl Reload for Node {
    fn reload(&self, plan: bool) -> Pin<Box<dyn Future<Output = ReloadReport> + Send + '_>> {
        let added = vec![south()];
        Box::pin(async move { ReloadReport { plan, added, ..ReloadReport::default() } })
    }
}

impl Facts for Node {
    fn peers(&self) -> Pin<Box<dyn Future<Output = BTreeMap<Domain, PeerFacts>> + Send + '_>> {
        let facts = PeerFacts {
            urls: vec!["https://127.0.0.1:9443/".to_owned()],
            agreement: Agreement { provide: vec!["im".to_owned()], ..Agreement::default() },
            certificate: Some(CertificateFacts {
                names: vec!["south.example".to_owned()],
                not_after: Timestamp::NEVER,
            }),
        };
        Box::pin(async move { BTreeMap::from([(south(), facts)]) })
    }
}

struct Bench {
    router: Router,
    sap: Arc<Sap>,
    store: Store,
    draining: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        let store: Store = store::memory();
        let draining = Arc::new(AtomicBool::new(false));
        let sap = sap::testing::sap(&store, Access::default());
        let state = AdminState {
            sap: Arc::clone(&sap),
            store: Arc::clone(&store),
            reload: Arc::new(Node),
            facts: Arc::new(Node),
            token: Token::new(TOKEN).unwrap(),
            draining: Arc::clone(&draining),
            metrics: Metrics::install(),
        };
        Self { router: router(state), sap, store, draining }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn open(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        self.send(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    /// Takes south.example into service, with one message on its way to it.
    async fn writes_to_south(&self) {
        let now = Timestamp::now();
        let peer = config::Peer {
            file: "peers/south.example.toml".into(),
            domain: south(),
            urls: Vec::new(),
            ca_pem: None,
            crl: Vec::new(),
            names: vec!["south.example".to_owned()],
            pins: Vec::new(),
            ssp_version: Version::V13,
            quirks: Vec::new(),
            agreement: Agreement { use_: vec!["im".to_owned()], ..Agreement::default() },
            route_domains: Vec::new(),
            limits: config::PeerLimits::default(),
            lines: BTreeMap::new(),
        };
        self.sap.carry_out(self.sap.relay().set_peer(now, &peer)).await.unwrap();
        let mut turn = relay::Turn::default();
        let request = relay::Request {
            target: south(),
            service: Service::Im,
            element: Element::SendMessageRequest,
            function: None,
            fragment: "<SendMessageRequest/>".into(),
            requestor: Some(Address::user_at("alice", &north()).unwrap()),
            message: Some("m-1@north.example".into()),
            expires: now + Duration::from_secs(60),
            upstream: relay::Upstream::Client {
                user: Address::user_at("alice", &north()).unwrap(),
                session: SessionId::new("0123456789abcdef"),
                transaction: "12".into(),
                context: String::new(),
            },
        };
        self.sap.relay().submit(now, request, &mut turn).unwrap();
        self.sap.carry_out(turn).await.unwrap();
    }
}

fn north() -> Domain {
    "north.example".parse().unwrap()
}

fn south() -> Domain {
    "south.example".parse().unwrap()
}

/// The names of an object's fields, sorted.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn everything_but_health_and_metrics_wants_the_token() {
    let bench = Bench::new();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(bench.open(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/", "/api/v1/users", "/api/v1/sessions", "/api/v1/nothing", "/nothing"] {
        let answer = bench.open(path).await;
        let (_, remedy) = answer.error(StatusCode::UNAUTHORIZED);
        assert!(remedy.contains("Bearer"), "{remedy}");
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    for shown in ["Bearer abcdefghijklmnoq", "Basic abcdefghijklmnop", "Bearer", "abcdefghijklmnop"] {
        let request = Request::get("/api/v1/users").header(header::AUTHORIZATION, shown);
        bench.send(request.body(Body::empty()).unwrap()).await.error(StatusCode::UNAUTHORIZED);
    }
    assert_eq!(bench.get("/api/v1/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_same_shape() {
    let bench = Bench::new();
    for path in ["/nothing", "/api/v1/nothing", "/api/v1/explain", "/api/v2/users"] {
        let (message, _) = bench.get(path).await.error(StatusCode::NOT_FOUND);
        assert!(message.contains(path), "{message}");
    }
    bench.ask("DELETE", "/api/v1/users", None).await.error(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_node_that_drains_or_has_lost_its_store_is_not_ready() {
    let bench = Bench::new();
    bench.draining.store(true, Ordering::Relaxed);
    let answer = bench.open("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["reason"], "the node is draining");
    bench.draining.store(false, Ordering::Relaxed);
    bench.store.close().await.unwrap();
    let answer = bench.open("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["reason"], "the store does not answer");
    assert_eq!(bench.open("/healthz").await.status, StatusCode::OK);
    bench.get("/api/v1/users").await.error(StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_user_is_made_shown_changed_and_removed() {
    let bench = Bench::new();
    let new = json!({ "id": "alice", "password": "wonderland", "friendly_name": "Alice" });
    let made = bench.ask("POST", "/api/v1/users", Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["id"], "alice");
    assert!(!made.body.contains("password") && !made.body.contains("wonderland"), "{}", made.body);
    bench.ask("POST", "/api/v1/users", Some(new)).await.error(StatusCode::CONFLICT);

    let change = json!({ "active": false, "friendly_name": null });
    let changed = bench.ask("PUT", "/api/v1/users/alice", Some(change)).await.json();
    assert_eq!((&changed["active"], &changed["friendly_name"]), (&json!(false), &Value::Null));
    assert_eq!(bench.get("/api/v1/users/alice").await.json(), changed);

    let removed = bench.ask("DELETE", "/api/v1/users/alice", None).await;
    assert_eq!((removed.status, removed.body.as_str()), (StatusCode::NO_CONTENT, ""));
    bench.ask("DELETE", "/api/v1/users/alice", None).await.error(StatusCode::NOT_FOUND);
    bench.get("/api/v1/users/alice").await.error(StatusCode::NOT_FOUND);
    bench.ask("PUT", "/api/v1/users/alice", Some(json!({}))).await.error(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sessions_and_mail_of_a_user_go_with_the_account() {
    let bench = Bench::new();
    let alice = Address::user_at("alice", &north()).unwrap();
    let new = json!({ "id": "alice", "password": "wonderland" });
    assert_eq!(bench.ask("POST", "/api/v1/users", Some(new)).await.status, StatusCode::CREATED);
    let now = Timestamp::now();
    let open = || {
        let session = json!({
            "id": "s-1", "user": alice, "client": ClientId::default(), "version": "1.2", "keep_alive": 60,
            "from": "127.0.0.1", "since": now
        });
        bench.sap.sessions().open(now, serde_json::from_value(session).unwrap());
        assert!(bench.sap.sessions().is_online(&alice));
    };
    open();
    bench.ask("PUT", "/api/v1/users/alice", Some(json!({ "email": "a@north.example" }))).await;
    assert!(bench.sap.sessions().is_online(&alice), "an ordinary change leaves sessions alone");
    bench.ask("PUT", "/api/v1/users/Alice", Some(json!({ "active": false }))).await;
    assert!(!bench.sap.sessions().is_online(&alice));

    open();
    let messaging = Messaging::new(Arc::clone(&bench.store), Messages::default());
    let message = messaging::Message {
        id: "m-1@south.example".into(),
        sender: Address::user_at("bob", &south()).unwrap(),
        sender_name: None,
        sender_client: None,
        recipients: vec![alice.clone()],
        targets: Vec::new(),
        report: false,
        content_type: "text/plain".into(),
        content_name: None,
        content: "secret".into(),
        font: None,
        uri: None,
        sent: now,
        expires: now + Duration::from_secs(60),
    };
    let mut changes = Changes::default();
    messaging.accept(now, &message, &alice, true, &mut changes).await.unwrap();
    bench.store.commit(changes).await.unwrap();
    assert!(messaging.has_mail(&alice).await.unwrap());
    assert_eq!(bench.ask("DELETE", "/api/v1/users/wv:alice@north.example", None).await.status, StatusCode::NO_CONTENT);
    assert!(!bench.sap.sessions().is_online(&alice));
    assert!(!messaging.has_mail(&alice).await.unwrap(), "nobody who gets the name later reads it");
}

#[tokio::test]
async fn a_list_of_users_comes_in_pages() {
    let bench = Bench::new();
    for id in ["carol", "alice", "bob"] {
        let new = json!({ "id": id, "password": "wonderland" });
        assert_eq!(bench.ask("POST", "/api/v1/users", Some(new)).await.status, StatusCode::CREATED);
    }
    let ids = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = bench.get("/api/v1/users?limit=2").await.json();
    assert_eq!(ids(&first), ["alice", "bob"]);
    let next = first["next"].as_str().unwrap();
    let second = bench.get(&format!("/api/v1/users?limit=2&after={next}")).await.json();
    assert_eq!(ids(&second), ["carol"]);
    assert_eq!(second["next"], Value::Null);
    for wrong in ["limit=0", "limit=many", "limit=1001", "page=2"] {
        bench.get(&format!("/api/v1/users?{wrong}")).await.error(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_told_what_is_wrong() {
    let bench = Bench::new();
    let typo = json!({ "id": "alice", "password": "wonderland", "freindly_name": "Alice" });
    let (message, _) = bench.ask("POST", "/api/v1/users", Some(typo)).await.error(StatusCode::BAD_REQUEST);
    assert!(message.contains("freindly_name"), "{message}");
    let (message, _) =
        bench.ask("POST", "/api/v1/users", Some(json!({ "id": "alice" }))).await.error(StatusCode::BAD_REQUEST);
    assert!(message.contains("password"), "{message}");
    bench.ask("POST", "/api/v1/users", None).await.error(StatusCode::BAD_REQUEST);
    let number = json!({ "id": "alice", "password": "wonderland", "msisdn": "not a number" });
    let (message, _) = bench.ask("POST", "/api/v1/users", Some(number)).await.error(StatusCode::BAD_REQUEST);
    assert!(message.contains("msisdn"), "{message}");
    let large = json!({ "id": "alice", "password": "x".repeat(MOST_BODY) });
    bench.ask("POST", "/api/v1/users", Some(large)).await.error(StatusCode::PAYLOAD_TOO_LARGE);
    let request = Request::post("/api/v1/users").header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    let request = request.header(header::CONTENT_TYPE, "text/plain").body(Body::from("alice")).unwrap();
    bench.send(request).await.error(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_reload_tells_what_it_did_or_would_do() {
    let bench = Bench::new();
    let done = bench.ask("POST", "/api/v1/reload", None).await.json();
    assert_eq!((&done["plan"], &done["added"]), (&json!(false), &json!(["south.example"])));
    let planned = bench.ask("POST", "/api/v1/reload?plan=true", None).await.json();
    assert_eq!(planned["plan"], json!(true));
    bench.ask("POST", "/api/v1/reload?plan=perhaps", None).await.error(StatusCode::BAD_REQUEST);
    bench.get("/api/v1/reload").await.error(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_is_on_its_way_to_a_peer_is_shown_without_its_credentials() {
    let bench = Bench::new();
    assert_eq!(bench.get("/api/v1/transactions").await.json(), json!({ "items": [], "next": null }));
    bench.writes_to_south().await;

    let list = bench.get("/api/v1/transactions").await;
    let row = list.json()["items"][0].clone();
    assert_eq!(
        fields(&row),
        [
            "age_ms",
            "attempts",
            "downstream",
            "expires_in_ms",
            "message_id",
            "primitive",
            "requestor",
            "service",
            "state",
            "upstream"
        ]
    );
    assert_eq!((&row["state"], &row["message_id"]), (&json!("queued"), &json!("m-1@north.example")));
    assert_eq!(row["upstream"]["session"], "012345…");
    assert!(!list.body.contains("0123456"), "{}", list.body);
    assert_eq!((&row["downstream"]["kind"], &row["downstream"]["peer"]), (&json!("ssp"), &json!("south.example")));
    assert_eq!(bench.get("/api/v1/transactions?answered=true").await.json()["items"], json!([]));
    bench.get("/api/v1/transactions?after=nonsense").await.error(StatusCode::BAD_REQUEST);

    let session = bench.get("/api/v1/sessions").await.json()["items"][0].clone();
    assert_eq!(
        fields(&session),
        [
            "age_ms",
            "certificate",
            "idle_ms",
            "initiator",
            "own_id",
            "peer",
            "peer_id",
            "role",
            "state",
            "step",
            "ttl_s"
        ]
    );
    assert_eq!((&session["peer"], &session["state"]), (&json!("south.example"), &json!("opening")));
}

#[tokio::test]
async fn a_peer_is_shown_with_its_file_and_its_certificate() {
    let bench = Bench::new();
    bench.get("/api/v1/peers/south.example").await.error(StatusCode::NOT_FOUND);
    bench.get("/api/v1/peers/no%20domain").await.error(StatusCode::NOT_FOUND);
    bench.writes_to_south().await;
    let peer = bench.get("/api/v1/peers/south.example").await.json();
    assert_eq!(peer["domain"], "south.example");
    assert_eq!(peer["url"], "https://127.0.0.1:9443/");
    assert_eq!(peer["agreement"]["provide"], json!(["im"]));
    assert!(peer["certificate"]["days_left"].as_i64().unwrap() > 365);
    assert_eq!(bench.get("/api/v1/peers").await.json()["items"].as_array().unwrap().len(), 1);

    let metrics = bench.open("/metrics").await.body;
    assert!(metrics.contains("postern_lane_depth{peer=\"south.example\",lane=\"messages\"} 1\n"), "{metrics}");
    assert!(metrics.contains("postern_peer_up{peer=\"south.example\"} 0\n"), "{metrics}");
    assert!(!metrics.contains("alice"), "{metrics}");
}

#[tokio::test]
async fn a_profile_is_shown_and_changed_field_by_field() {
    let bench = Bench::new();
    let new = json!({ "id": "alice", "password": "wonderland", "services": { "im": "bb.example" },
        "profile": { "services": { "group": { "subscribed": false } } } });
    let made = bench.ask("POST", "/api/v1/users", Some(new)).await.json();
    assert_eq!(made["profile"]["services"]["group"]["subscribed"], json!(false));
    assert_eq!(bench.get("/api/v1/users/alice").await.json(), made);

    let path = "/api/v1/users/alice/profile";
    let first = bench.get(path).await.json();
    let wanted = ["active", "id", "preferences", "privacy", "services", "sessions", "terminal"];
    assert_eq!(fields(&first), wanted);
    assert_eq!(first["services"]["im"]["pse"], json!("bb.example"));
    let change = json!({ "privacy": { "location": true }, "services": { "im": { "active": false, "pse": null } },
        "terminal": { "screen": "176x208" } });
    let changed = bench.ask("PUT", path, Some(change)).await.json();
    assert_eq!(changed["services"]["im"], json!({"subscribed": true, "active": false, "pse": null, "preferences": {}}));
    assert_eq!(changed["services"]["group"], first["services"]["group"]);
    assert_eq!((&changed["privacy"]["location"], &changed["terminal"]["screen"]), (&json!(true), &json!("176x208")));
    assert_eq!(bench.get("/api/v1/users/alice").await.json()["services"], json!({}));
    assert_eq!(bench.ask("PUT", path, Some(changed.clone())).await.json(), changed, "what was shown may be sent back");

    for (body, part) in [
        (json!({"colour": "red"}), "colour"),
        (json!({"services": {"mail": {}}}), "mail"),
        (json!({"services": {"im": {"pse": "not a domain"}}}), "no domain"),
        (json!({"preferences": {"im.greeting": "hi"}}), "services.im"),
    ] {
        let (message, remedy) = bench.ask("PUT", path, Some(body)).await.error(StatusCode::BAD_REQUEST);
        assert!(format!("{message}: {remedy}").contains(part), "{message}: {remedy}");
    }
    assert_eq!(bench.get(path).await.json(), changed);
    bench.get("/api/v1/users/bob/profile").await.error(StatusCode::NOT_FOUND);
    bench.ask("PUT", "/api/v1/users/bob/profile", Some(json!({}))).await.error(StatusCode::NOT_FOUND);
}
