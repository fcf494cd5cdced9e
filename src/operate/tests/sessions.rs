//! Sessions of users, ending them, and the stream of events.

use super::*;
use crate::sap::life::Reason;

fn alice() -> Address {
    Address::user_at("alice", &north()).unwrap()
}

impl Bench {
    /// A node with the user alice.
    async fn with_alice() -> Self {
        let bench = Self::new();
        let new = json!({ "id": "alice", "password": "wonderland" });
        assert_eq!(bench.ask("POST", "/api/v1/users", Some(new)).await.status, StatusCode::CREATED);
        bench
    }

    /// A session of hers, from a client of that name.
    fn logged_in(&self, id: &str, client: &str) {
        let session = json!({
            "id": id, "user": alice(), "client": { "url": client, "msisdn": null }, "version": "1.2",
            "keep_alive": 60, "from": "192.0.2.7", "since": Timestamp::now()
        });
        self.sap.sessions().open(Timestamp::now(), serde_json::from_value(session).unwrap());
    }

    /// A stream of events: its body, greeting taken.
    async fn listen(&self, query: &str) -> Body {
        let request = Request::get(format!("/api/v1/events{query}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}")).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut body = response.into_body();
        assert!(told(&mut body).await.unwrap().starts_with(':'));
        body
    }

    async fn end(&self, reason: Reason) {
        self.sap.end_sessions_of(Timestamp::now(), &alice(), None, reason).await.unwrap();
    }
}

/// The next piece of a stream.
async fn told(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap().into_data().unwrap();
    Some(String::from_utf8(frame.to_vec()).unwrap())
}

#[tokio::test]
async fn sessions_of_a_user_are_shown_without_their_credentials() {
    let bench = Bench::with_alice().await;
    assert_eq!(bench.get("/api/v1/users/alice/sessions").await.json(), json!({ "items": [], "next": null }));
    bench.logged_in("abcdefghijkl", "http://phone.example/im");
    let list = bench.get("/api/v1/users/Alice/sessions").await;
    let item = &list.json()["items"][0];
    let wanted =
        ["address", "age_ms", "application", "capabilities", "client", "id", "idle_ms", "ttl_s", "user", "version"];
    assert_eq!(fields(item), wanted);
    assert_eq!((&item["id"], &item["address"]), (&json!("abcdef…"), &json!("192.0.2.7")));
    assert_eq!((&item["client"], &item["ttl_s"]), (&json!("http://phone.example/im"), &json!(60)));
    assert_eq!((&item["version"], &item["capabilities"]["delivery"]), (&json!("1.2"), &json!("push")));
    assert!(!list.body.contains("abcdefg"), "{}", list.body);
    bench.get("/api/v1/users/nobody/sessions").await.error(StatusCode::NOT_FOUND);
    bench.get("/api/v1/users/alice/sessions?limit=0").await.error(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn sessions_end_at_the_word_of_the_operator() {
    let bench = Bench::with_alice().await;
    for id in ["aaaaaa-1", "bbbbbb-1", "cccccc-1", "cccccc-2"] {
        bench.logged_in(id, id);
    }
    let path = "/api/v1/users/alice/disconnect";
    let one = |shown: &str| Some(json!({ "session": shown }));
    let ended = bench.ask("POST", path, one("aaaaaa…")).await.json();
    assert_eq!(ended, json!({ "disconnected": ["aaaaaa…"] }));
    for unknown in ["aaaaaa", "b", "", "…"] {
        bench.ask("POST", path, one(unknown)).await.error(StatusCode::NOT_FOUND);
    }
    let (_, remedy) = bench.ask("POST", path, one("cccccc")).await.error(StatusCode::CONFLICT);
    assert!(remedy.contains("all of them"), "{remedy}");
    bench.ask("POST", path, Some(json!({ "sesion": "bbbbbb" }))).await.error(StatusCode::BAD_REQUEST);
    assert_eq!(bench.sap.sessions().len(), 3);
    let ended = bench.ask("POST", path, None).await.json();
    assert_eq!(ended["disconnected"].as_array().unwrap().len(), 3);
    assert_eq!(bench.ask("POST", path, None).await.json(), json!({ "disconnected": [] }));
    bench.ask("POST", "/api/v1/users/nobody/disconnect", None).await.error(StatusCode::NOT_FOUND);
    bench.get(path).await.error(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_that_the_old_one_opened() {
    let bench = Bench::with_alice().await;
    bench.logged_in("s-1", "phone");
    let change = json!({ "password": "looking glass" });
    assert_eq!(bench.ask("PUT", "/api/v1/users/alice", Some(change)).await.status, StatusCode::OK);
    assert!(!bench.sap.sessions().is_online(&alice()));
}

#[tokio::test]
async fn events_are_told_as_they_happen_and_those_asked_for_only() {
    let bench = Bench::with_alice().await;
    let (mut all, mut opened) = (bench.listen("").await, bench.listen("?type=session-opened").await);
    bench.logged_in("abcdefghijkl", "http://phone.example/im");
    bench.end(Reason::Operator).await;
    let event = told(&mut all).await.unwrap();
    let data = event.strip_prefix("event: session-ended\ndata: ").unwrap_or_else(|| panic!("{event}"));
    let data: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!(fields(&data), ["application", "at", "client", "reason", "session", "user", "version"]);
    assert_eq!((&data["session"], &data["reason"]), (&json!("abcdef…"), &json!("operator")));
    assert_eq!((&data["user"], &data["client"]), (&json!(alice()), &json!("http://phone.example/im")));
    bench.sap.events().close();
    assert_eq!((told(&mut all).await, told(&mut opened).await), (None, None), "the end, and nothing before it");
    let (message, _) = bench.get("/api/v1/events").await.error(StatusCode::SERVICE_UNAVAILABLE);
    assert!(message.contains("stopping"), "{message}");
}

#[tokio::test]
async fn events_that_are_none_and_listeners_too_many_are_refused() {
    let bench = Bench::with_alice().await;
    let (message, remedy) = bench.get("/api/v1/events?type=session-opened,rain").await.error(StatusCode::BAD_REQUEST);
    assert!(message.contains("rain") && remedy.contains("session-ended"), "{message}: {remedy}");
    bench.get("/api/v1/events?user=alice").await.error(StatusCode::BAD_REQUEST);
    bench.open("/api/v1/events").await.error(StatusCode::UNAUTHORIZED);
    let mut listeners = Vec::new();
    while listeners.len() < 16 {
        listeners.push(bench.listen("").await);
    }
    let (message, _) = bench.get("/api/v1/events").await.error(StatusCode::SERVICE_UNAVAILABLE);
    assert!(message.contains("16"), "{message}");
    listeners.pop();
    let _held = bench.listen("").await;
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_told_how_much_it_missed() {
    let bench = Bench::with_alice().await;
    let mut slow = bench.listen("").await;
    for n in 0..2_000 {
        bench.logged_in(&format!("session-{n}"), "phone");
        bench.end(Reason::Policy).await;
    }
    let mut missed = 0;
    let mut heard = 0;
    while heard + missed < 2_000 {
        let event = told(&mut slow).await.unwrap();
        match event.strip_prefix("event: missed\ndata: ") {
            Some(data) => missed += serde_json::from_str::<Value>(data.trim()).unwrap()["events"].as_u64().unwrap(),
            None => heard += 1,
        }
    }
    assert!(missed > 0 && heard + missed == 2_000, "{heard} heard, {missed} missed");
}
