//! `postern user sessions` and `postern user disconnect`.

use hyper::Method;
use serde_json::{Value, json};

use super::{At, path, text_of};

/// Prints the sessions of a user, one a line: id, version, client, address, idle time.
pub(super) async fn list(id: &str, at: &At) -> anyhow::Result<()> {
    let sessions = at.access.client()?.list(&format!("{}/sessions", path(id))).await?;
    if at.json {
        println!("{:#}", Value::Array(sessions));
        return Ok(());
    }
    for session in &sessions {
        println!("{}", line(session));
    }
    Ok(())
}

/// Ends sessions of a user.
pub(super) async fn disconnect(id: &str, session: Option<&str>, at: &At) -> anyhow::Result<()> {
    let body = session.map_or_else(|| json!({}), |session| json!({ "session": session }));
    let path = format!("{}/disconnect", path(id));
    let answer = at.access.client()?.call(Method::POST, &path, Some(&body)).await?;
    at.print(&answer, || match answer["disconnected"].as_array().map_or(&[][..], Vec::as_slice) {
        [] => format!("{id} is not logged in"),
        ended => format!("ended: {}", ended.iter().map(text_of).collect::<Vec<_>>().join(" ")),
    });
    Ok(())
}

fn line(session: &Value) -> String {
    let idle = session["idle_ms"].as_u64().unwrap_or_default() / 1000;
    let client = session["client"].as_str().unwrap_or("(names no client)");
    format!(
        "{:<8} {:<4} {:<15} idle {idle} s of {} s  {client}",
        text_of(&session["id"]),
        text_of(&session["version"]),
        text_of(&session["address"]),
        session["ttl_s"]
    )
}

#[test]
fn a_session_is_one_line() {
    let session = json!({
        "id": "abcdef…", "version": "1.2", "address": "192.0.2.7", "idle_ms": 61_500, "ttl_s": 3600,
        "client": "http://phone.example/im"
    });
    assert_eq!(line(&session), "abcdef…  1.2  192.0.2.7       idle 61 s of 3600 s  http://phone.example/im");
}
