//! The router as a script sees it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::address::Domain;
use crate::config::{Access, Agreement, Messages, Services, Timers};
use crate::relay::{self, Relay};
use crate::sap;
use crate::sap::account::Accounts;
use crate::sap::login::Login;
use crate::sap::secret::Keyring;
use crate::sap::services::Offered;
use crate::store;
use crate::syntax::Limits;
use crate::time::Timestamp;

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
        let added = vec!["south.example".parse().unwrap()];
        Box::pin(async move { ReloadReport { plan, added, ..ReloadReport::default() } })
    }
}

impl Facts for Node {
    fn peers(&self) -> Pin<Box<dyn Future<Output = BTreeMap<Domain, PeerFacts>> + Send + '_>> {
        let south = PeerFacts {
            urls: vec!["https://127.0.0.1:9443/".to_owned()],
            agreement: Agreement { provide: vec!["im".to_owned()], ..Agreement::default() },
            certificate: Some(CertificateFacts {
                names: vec!["south.example".to_owned()],
                not_after: Timestamp::NEVER,
            }),
        };
        Box::pin(async move { BTreeMap::from([("south.example".parse().unwrap(), south)]) })
    }
}

struct Bench {
    router: Router,
    store: Store,
    draining: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        let store: Store = store::memory();
        let draining = Arc::new(AtomicBool::new(false));
        let state = AdminState {
            sap: sap(&store),
            store: Arc::clone(&store),
            reload: Arc::new(Node),
            facts: Arc::new(Node),
            token: Token::new(TOKEN).unwrap(),
            draining: Arc::clone(&draining),
            metrics: Metrics::install(),
        };
        Self { router: router(state), store, draining }
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
}

fn north() -> Domain {
    "north.example".parse().unwrap()
}

/// The Service Access Point of north.example, whose relay has the peer south.example.
fn sap(store: &Store) -> Arc<Sap> {
    let timers = Timers::default();
    let accounts = Arc::new(Accounts::new(Arc::clone(store), Keyring::ephemeral().unwrap(), north(), Vec::new()));
    let login = Login::new(Arc::clone(&accounts), &Access::default(), &timers);
    let relay = Relay::new(relay::Settings {
        domain: north(),
        aliases: Vec::new(),
        timers: timers.clone(),
        dice: Box::new(relay::Random),
    });
    let settings = sap::Settings {
        domain: north(),
        aliases: Vec::new(),
        access: Access::default(),
        messages: Messages::default(),
        timers,
        limits: Limits::default(),
    };
    let offered = Offered::new(&Services::default());
    Sap::new(settings, Arc::clone(store), accounts, login, offered, Arc::new(relay))
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
