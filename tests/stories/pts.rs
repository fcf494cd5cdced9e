//! A phone that writes PTS: two-letter codes in plain text, posted like everything else.

use crate::support::handset::Handset;
use crate::support::wire::Version;
use crate::support::wire::tree::leaf;
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const TYPE: &str = "application/vnd.wv.csp.sms";

/// Posts a line and gives the line that answers it.
async fn ask(phone: &Handset, line: &str) -> String {
    let answer = phone.raw(line, TYPE).await.unwrap();
    assert_eq!(answer.status, 200, "{line}");
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "{line}");
    if !answer.body.is_empty() {
        assert_eq!(answer.header("content-type"), Some(TYPE), "{line}");
    }
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The value of a parameter that holds neither quotes nor groups.
fn plain<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split(' ').skip(1).find_map(|param| param.strip_prefix(key)?.strip_prefix('='))
}

#[tokio::test]
async fn a_phone_logs_in_agrees_keeps_alive_and_logs_out_in_plain_text() {
    let world = World::new().domain(NORTH).start().await;
    let phone = world.phone("alice", NORTH, Phone::USUAL);
    let who = format!("UI={} CI=http://phone.example/pts SC=cookie1", phone.user);
    let challenge = ask(&phone, &format!("WV12LR1 {who} SH=(SHA,MD5)")).await;
    assert!(challenge.starts_with("WV12RL1 ") && challenge.contains(" ST=(401,"), "{challenge}");
    assert_eq!((plain(&challenge, "DI"), plain(&challenge, "SI")), (Some("MD5"), None));
    assert!(plain(&challenge, "NO").is_some());
    let login = ask(&phone, &format!("wv12lr2 {who} pw=\"{}\" tl=60\r\n", password("alice"))).await;
    assert!(login.starts_with("WV12RL2 "), "{login}");
    assert_eq!((plain(&login, "ST"), plain(&login, "KA"), plain(&login, "CR")), (Some("200"), Some("60"), Some("T")));
    assert_eq!(plain(&login, "CI"), Some("http://phone.example/pts"));
    let session = plain(&login, "SI").unwrap();

    let agreed = ask(&phone, &format!("WV12CP3 SI={session} CA=((CT,MP),(ID,P),(SB,HTTP),(SB,SMS),(MT,5))")).await;
    assert_eq!(agreed, format!("WV12PC3 SI={session} AP=((SB,HTTP))"));
    let services = ask(&phone, &format!("WV12SQ4 SI={session} RF=(FF,PF,IF,GE) AR=T")).await;
    assert!(services.starts_with(&format!("WV12QS4 SI={session} ")), "{services}");
    assert!(plain(&services, "AF").is_some_and(|all| all.contains("IF")), "{services}");
    let alive = ask(&phone, &format!("WV12KA5 SI={session} TL=120")).await;
    assert_eq!(alive, format!("WV12AK5 SI={session} ST=200 KA=120"));
    assert_eq!(ask(&phone, &format!("WV12PO0 SI={session}")).await, "");

    let cases = [
        ("SM6", "XX=(1,2)", "501,\"SM is not implemented\""),
        ("KA7", "ZZ=1", "400,\"malformed: ZZ is no code known in KeepAlive-Request"),
        ("KA8", "TL=soon", "402,\"TimeToLive holds no valid value"),
        ("KA9", "TL=(1", "400,\"the document ends early"),
    ];
    for (head, params, told) in cases {
        let answer = ask(&phone, &format!("WV12{head} SI={session} {params}")).await;
        let id = &head[2..];
        assert!(answer.starts_with(&format!("WV12ST{id} SI={session} ST=({told}")), "{answer}");
    }
    let part = ask(&phone, &format!("WV12KA10ab SI={session} TL=1")).await;
    assert!(part.starts_with("WV12ST10 ST=(400,\"malformed: this is part 1 of 2 of a message"), "{part}");

    assert_eq!(ask(&phone, &format!("WV12OR999 SI={session}")).await, format!("WV12ST999 SI={session} ST=200"));
    let gone = ask(&phone, &format!("WV12KA0 SI={session}")).await;
    assert!(gone.starts_with("WV12ST0 ") && gone.contains(" ST=(604,"), "{gone}");
}

#[tokio::test]
async fn a_phone_that_writes_plain_text_keeps_nothing_from_the_users_other_phones() {
    let world = World::new().domain(NORTH).start().await;
    let kind = Phone { version: Version::V13, ..Phone::USUAL };
    let plain_phone = world.phone("alice", NORTH, kind);
    let login = format!("WV13LR1 UI={} CI=http://phone.example/pts PW=\"{}\"", plain_phone.user, password("alice"));
    let session = plain(&ask(&plain_phone, &login).await, "SI").unwrap().to_owned();
    let agreed = ask(&plain_phone, &format!("WV13CP2 SI={session} CA=((ID,P),(SB,HTTP),(MT,1))")).await;
    assert!(agreed.starts_with("WV13PC2 "), "{agreed}");
    // The other is of lower rank, and the reports of both are told to it.
    let mut alice = world.phone("alice", NORTH, kind);
    alice.login_as([leaf("SessionPriority", 7)]).await;
    let mut bob = world.login("bob", NORTH, kind).await;
    let id = bob.says("for whoever can read it").report().to([&alice.user]).await.accepted();
    assert_eq!(ask(&plain_phone, &format!("WV13PO0 SI={session}")).await, "");
    alice.hears("for whoever can read it").await;
    assert_eq!(bob.report_for(&id).await.code, 200);
    assert!(alice.listed().await.is_empty(), "it waits for nobody else");
    // Its client has learnt XML: then its rank counts.
    let mut learnt = world.phone("alice", NORTH, kind);
    learnt.session = Some(session);
    learnt.keep_alive().await;
    bob.says("for the best").to([&alice.user]).await.accepted();
    alice.poll().await;
    assert!(alice.inbox.messages.is_empty());
    learnt.hears("for the best").await;
}

#[tokio::test]
async fn a_message_waits_for_a_phone_that_can_be_told_of_it() {
    let world = World::new().domain(NORTH).start().await;
    let mut alice = world.phone("alice", NORTH, Phone::USUAL);
    let login = format!("WV13LR1 UI={} CI=http://phone.example/pts PW=\"{}\"", alice.user, password("alice"));
    let login = ask(&alice, &login).await;
    let session = plain(&login, "SI").unwrap().to_owned();
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    bob.says("Nobody writes letters").to([&alice.user]).await.accepted();
    assert_eq!(ask(&alice, &format!("WV13PO0 SI={session}")).await, "");
    assert_eq!(ask(&alice, &format!("WV13ST1 SI={session} ST=200")).await, "");
    alice.login().await;
    assert_eq!(alice.hears("Nobody writes letters").await.sender, bob.user);
}
