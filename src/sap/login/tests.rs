use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;

use super::*;
use crate::config::AddressRange;
use crate::sap::account::{AccountChange, NewAccount};
use crate::sap::secret::Keyring;
use crate::store;
use crate::vocabulary::Version::{V11, V12, V13};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

struct Desk {
    accounts: Arc<Accounts>,
    login: Login,
}

/// `[access]` as it is if nothing is configured, but without headers for a number.
pub(in crate::sap) fn access() -> Access {
    Access {
        trusted_gateways: Vec::new(),
        msisdn_headers: Vec::new(),
        auto_register: false,
        clear_passwords: ClearPasswords::TlsOrLoopback,
        bind_session_to_address: false,
        keep_alive_max: Duration::from_secs(7200),
        ..Access::default()
    }
}

/// alice logs in as she likes, hans only with a clear password, ivan not at all.
async fn desk() -> Desk {
    let domain = "north.example".parse().unwrap();
    let keyring = Keyring::ephemeral().unwrap();
    let accounts = Accounts::new(store::memory(), keyring, domain, vec!["n.example".parse().unwrap()]);
    let new = |id: &str| NewAccount::new(id, Password::new("wonder"));
    accounts.create(NewAccount { msisdn: Some("+358401234567".into()), ..new("alice") }).await.unwrap();
    accounts.create(NewAccount { login: LoginClass::Hashed, ..new("hans") }).await.unwrap();
    accounts.create(NewAccount { active: false, ..new("ivan") }).await.unwrap();
    let accounts = Arc::new(accounts);
    Desk { login: Login::new(Arc::clone(&accounts), &access(), &Timers::default()), accounts }
}

/// Over TLS, so that a password may be sent in clear, or not.
fn via(clear_ok: bool) -> Via {
    Via::direct("192.0.2.1:40000".parse().unwrap(), clear_ok)
}

fn client() -> Option<ClientId> {
    Some(ClientId { url: Some("http://c.example.org/1".into()), msisdn: None })
}

fn asking(user: &str) -> LoginRequest {
    LoginRequest {
        user: Some(user.into()),
        client: client(),
        time_to_live: Some(3600),
        cookie: Some("ck1".into()),
        ..LoginRequest::default()
    }
}

fn with_schemas(user: &str, schemas: &[&str]) -> LoginRequest {
    LoginRequest { schemas: schemas.iter().map(|schema| Text::from(*schema)).collect(), ..asking(user) }
}

fn with_password(user: &str, password: &str) -> LoginRequest {
    LoginRequest { password: Some(password.into()), ..asking(user) }
}

fn with_digest(user: &str, challenge: &Challenge, password: &str) -> LoginRequest {
    let digest = match challenge.schema {
        Schema::Md5 => STANDARD.encode(Md5::digest(format!("{}{password}", challenge.nonce))),
        Schema::Sha => STANDARD.encode(Sha1::digest(format!("{}{password}", challenge.nonce))),
        Schema::Pwd => unreachable!("no digest was asked for"),
    };
    LoginRequest { digest: Some(digest.into()), ..asking(user) }
}

impl Desk {
    async fn at(&self, now: Timestamp, request: &LoginRequest, version: Version, clear_ok: bool) -> Answer {
        self.login.handle(now, request, version, &via(clear_ok)).await
    }

    async fn open(&self, request: &LoginRequest, clear_ok: bool) -> Answer {
        self.at(NOW, request, V12, clear_ok).await
    }

    async fn challenge(&self, request: &LoginRequest, clear_ok: bool) -> Challenge {
        match self.open(request, clear_ok).await {
            Answer::Challenge(challenge) => challenge,
            other => panic!("{other:?}"),
        }
    }

    async fn admit(&self, request: &LoginRequest, clear_ok: bool) -> Admission {
        match self.open(request, clear_ok).await {
            Answer::Admit(admission) => admission,
            other => panic!("{other:?}"),
        }
    }
}

fn refused(refusal: Refusal) -> Answer {
    Answer::Refuse(refusal)
}

#[tokio::test]
async fn a_password_in_clear_opens_in_one_step_where_it_may_be_sent() {
    let desk = desk().await;
    let admission = desk.admit(&with_password("wv:Alice@north.example", "wonder"), true).await;
    assert_eq!(admission.user.to_string(), "wv:alice@north.example");
    assert_eq!(admission.schema, Some(Schema::Pwd));
    assert_eq!(admission.ttl, Duration::from_secs(3600));
    assert_eq!(&*admission.cookie, "ck1");
    let response = admission.response(&SessionId::new("s1"));
    assert_eq!(response.client, client());
    assert_eq!(response.outcome.code, Code::SUCCESS);
    assert_eq!(response.session.as_deref(), Some("s1"));
    assert_eq!((response.keep_alive, response.capability_request), (Some(3600), Some(true)));
    assert_eq!((response.nonce, response.schema, response.user), (None, None, None));
}

#[tokio::test]
async fn a_digest_opens_in_two_steps_with_either_schema_and_either_way_to_list_them() {
    let desk = desk().await;
    for (schemas, chosen) in [
        (&["PWD,SHA,MD4,MD5,MD6"][..], Schema::Md5),
        (&["MD5", "SHA"], Schema::Md5),
        (&["SHA"], Schema::Sha),
        (&["MD4", "SHA", "MD6"], Schema::Sha),
    ] {
        let challenge = desk.challenge(&with_schemas("alice", schemas), false).await;
        assert_eq!(challenge.schema, chosen, "{schemas:?}");
        let response = challenge.response();
        assert_eq!(response.nonce, Some(challenge.nonce.clone()));
        assert_eq!(response.schema.as_deref(), Some(chosen.as_str()));
        assert_eq!(response.session, None, "a session in a challenge is taken for a finished login");
        assert_eq!(response.client, client());
        let admission = desk.admit(&with_digest("alice", &challenge, "wonder"), false).await;
        assert_eq!(admission.schema, Some(chosen));
    }
    assert_eq!(desk.login.nonces(), 0);
}

#[tokio::test]
async fn a_challenge_is_200_in_1_1_and_401_later() {
    let desk = desk().await;
    for (version, code) in [(V11, 200), (V12, 401), (V13, 401)] {
        let answer = desk.at(NOW, &with_schemas("alice", &["MD5"]), version, false).await;
        let Answer::Challenge(challenge) = answer else { panic!("{answer:?}") };
        assert_eq!(challenge.response().outcome.code, Code(code), "{version}");
    }
}

#[tokio::test]
async fn a_nonce_serves_one_attempt_only() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_schemas("alice", &["MD5"]), false).await;
    let wrong = with_digest("alice", &challenge, "Wonder");
    assert_eq!(desk.open(&wrong, false).await, refused(Refusal::WrongPassword));
    let right = with_digest("alice", &challenge, "wonder");
    assert_eq!(desk.open(&right, false).await, refused(Refusal::NonceUnknown), "replayed after a failure");
    let challenge = desk.challenge(&with_schemas("alice", &["MD5"]), false).await;
    let right = with_digest("alice", &challenge, "wonder");
    desk.admit(&right, false).await;
    assert_eq!(desk.open(&right, false).await, refused(Refusal::NonceUnknown), "replayed after a success");
}

#[tokio::test]
async fn a_nonce_is_bound_to_client_and_cookie_and_dies_after_a_minute() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_schemas("alice", &["MD5"]), false).await;
    let right = with_digest("alice", &challenge, "wonder");
    let elsewhere = LoginRequest { client: None, ..right.clone() };
    assert_eq!(desk.open(&elsewhere, false).await, refused(Refusal::NonceUnknown));
    let other = LoginRequest { cookie: Some("ck2".into()), ..right.clone() };
    assert_eq!(desk.open(&other, false).await, refused(Refusal::NonceUnknown));
    let late = desk.at(NOW + Duration::from_secs(60), &right, V12, false).await;
    assert_eq!(late, refused(Refusal::NonceExpired));
}

#[tokio::test]
async fn a_clear_password_where_it_may_not_be_sent_is_answered_by_a_challenge() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_password("alice", "wonder"), false).await;
    assert_eq!(challenge.schema, Schema::Md5, "it listed nothing, so it may know a digest");
    desk.admit(&with_digest("alice", &challenge, "wonder"), false).await;
    let listing = |schemas| LoginRequest { password: Some("wonder".into()), ..with_schemas("alice", schemas) };
    assert_eq!(desk.challenge(&listing(&["SHA"]), false).await.schema, Schema::Sha);
    assert_eq!(desk.open(&listing(&["PWD"]), false).await, refused(Refusal::NoSchema));
    assert_eq!(desk.open(&listing(&["MD4,MD6"]), false).await, refused(Refusal::NoSchema));
    // Right or wrong, the answer tells nothing about the password.
    assert!(matches!(desk.open(&with_password("alice", "wrong"), false).await, Answer::Challenge(_)));
}

#[tokio::test]
async fn a_client_that_knows_only_pwd_is_asked_for_the_password_where_it_may_be_sent() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_schemas("alice", &["PWD"]), true).await;
    assert_eq!(challenge.schema, Schema::Pwd);
    desk.admit(&with_password("alice", "wonder"), true).await;
    assert_eq!(desk.login.nonces(), 0, "the challenge was answered");
}

#[tokio::test]
async fn a_hashed_account_takes_only_a_clear_password() {
    let desk = desk().await;
    assert_eq!(desk.admit(&with_password("hans", "wonder"), true).await.schema, Some(Schema::Pwd));
    assert_eq!(desk.open(&with_password("hans", "Wonder"), true).await, refused(Refusal::WrongPassword));
    assert_eq!(desk.challenge(&with_schemas("hans", &["PWD,SHA,MD5"]), true).await.schema, Schema::Pwd);
    assert_eq!(desk.open(&with_schemas("hans", &["PWD,SHA,MD5"]), false).await, refused(Refusal::NoSchema));
    assert_eq!(desk.open(&with_password("hans", "wonder"), false).await, refused(Refusal::NoSchema));
}

#[tokio::test]
async fn an_account_that_became_hashed_between_the_steps_is_no_way_in() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_schemas("alice", &["MD5"]), false).await;
    let change = AccountChange { login: Some(LoginClass::Hashed), ..AccountChange::default() };
    desk.accounts.update("alice", change).await.unwrap();
    let answer = desk.open(&with_digest("alice", &challenge, "wonder"), false).await;
    assert_eq!(answer, refused(Refusal::WrongPassword));
}

#[tokio::test]
async fn wrong_passwords_unknown_users_and_barred_users_have_their_codes() {
    let desk = desk().await;
    assert_eq!(desk.open(&with_password("alice", "wrong"), true).await, refused(Refusal::WrongPassword));
    assert_eq!(desk.open(&with_password("nobody", "wonder"), true).await, refused(Refusal::UnknownUser));
    assert_eq!(desk.open(&with_password("alice@south.example", "wonder"), true).await, refused(Refusal::UnknownUser));
    assert_eq!(desk.open(&with_password("a b", "wonder"), true).await, refused(Refusal::UnknownUser));
    assert_eq!(desk.open(&with_password("ivan", "wonder"), true).await, refused(Refusal::Barred));
    assert_eq!(
        desk.open(&with_password("ivan", "wrong"), true).await,
        refused(Refusal::WrongPassword),
        "only who knows the password learns that the account is barred"
    );
}

#[tokio::test]
async fn an_unknown_user_is_challenged_like_any_other_and_refused_at_the_second_step() {
    let desk = desk().await;
    let challenge = desk.challenge(&with_schemas("nobody", &["MD5"]), false).await;
    let answer = desk.open(&with_digest("nobody", &challenge, "x"), false).await;
    assert_eq!(answer, refused(Refusal::UnknownUser));
    let challenge = desk.challenge(&with_schemas("ivan", &["MD5"]), false).await;
    assert_eq!(desk.open(&with_digest("ivan", &challenge, "wonder"), false).await, refused(Refusal::Barred));
}

#[tokio::test]
async fn a_missing_user_is_unknown_and_in_1_3_a_missing_number() {
    let desk = desk().await;
    for user in [None, Some(Text::default()), Some(" ".into())] {
        let request = LoginRequest { user, ..with_password("x", "wonder") };
        for version in [V11, V12, V13] {
            assert_eq!(desk.at(NOW, &request, version, true).await, refused(Refusal::NoNumber));
        }
    }
    let code = |version| Refusal::NoNumber.code(version);
    assert_eq!([V11, V12, V13].map(code), [Code::UNKNOWN_USER, Code::UNKNOWN_USER, Code::MSISDN_ERROR]);
}

#[tokio::test]
async fn every_form_of_a_user_id_names_the_same_user() {
    let desk = desk().await;
    for user in
        ["wv:alice@north.example", "alice@NORTH.example", "Alice", "wv:ALICE", "alice@n.example", "+358401234567"]
    {
        let admission = desk.admit(&with_password(user, "wonder"), true).await;
        assert_eq!(admission.user.to_string(), "wv:alice@north.example", "{user}");
        let challenge = desk.challenge(&with_schemas(user, &["MD5"]), false).await;
        desk.admit(&with_digest(user, &challenge, "wonder"), false).await;
    }
}

#[tokio::test]
async fn who_logged_in_by_number_learns_the_address_in_1_3() {
    let desk = desk().await;
    for (user, version, told) in
        [("+358401234567", V13, Some("wv:alice@north.example")), ("+358401234567", V12, None), ("alice", V13, None)]
    {
        let answer = desk.at(NOW, &with_password(user, "wonder"), version, true).await;
        let Answer::Admit(admission) = answer else { panic!("{answer:?}") };
        assert_eq!(admission.response(&SessionId::new("s1")).user.as_deref(), told, "{user} {version}");
    }
}

#[tokio::test]
async fn the_time_granted_lies_between_what_a_client_survives_and_the_configured_most() {
    let desk = desk().await;
    for (wanted, granted) in [(None, 7200), (Some(0), 7200), (Some(2), 10), (Some(3600), 3600), (Some(7205), 7200)] {
        assert_eq!(desk.login.granted(wanted), Duration::from_secs(granted), "{wanted:?}");
    }
    let access = Access { keep_alive_max: Duration::from_secs(3), ..access() };
    let short = Login::new(Arc::clone(&desk.accounts), &access, &Timers::default());
    assert_eq!(short.granted(Some(100)), Duration::from_secs(3), "the configuration has the last word");
}

#[tokio::test]
async fn a_closed_store_is_a_service_unavailable() {
    let store = store::memory();
    let accounts =
        Accounts::new(Arc::clone(&store), Keyring::ephemeral().unwrap(), "n.example".parse().unwrap(), Vec::new());
    let login = Login::new(Arc::new(accounts), &access(), &Timers::default());
    store.close().await.unwrap();
    let answer = login.handle(NOW, &with_password("alice", "x"), V12, &via(true)).await;
    assert_eq!(answer, refused(Refusal::Fault(Code::UNAVAILABLE)));
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_a_server_error_and_no_wrong_password() {
    let store = store::memory();
    let domain = "n.example".parse().unwrap();
    let accounts = Accounts::new(Arc::clone(&store), Keyring::ephemeral().unwrap(), domain, Vec::new());
    accounts.create(NewAccount::new("alice", Password::new("wonder"))).await.unwrap();
    let login = Login::new(Arc::new(accounts), &access(), &Timers::default());
    let key = store::Key::of(&["user", "alice"]);
    let record = String::from_utf8(store.get(&key).await.unwrap().unwrap().value.to_vec()).unwrap();
    for damaged in ["no record".to_owned(), record.replace("\"secret\":\"1:", "\"secret\":\"1:AAAA")] {
        assert_ne!(damaged, record);
        let mut changes = store::Changes::default();
        changes.put(key.clone(), damaged);
        store.commit(changes).await.unwrap();
        let answer = login.handle(NOW, &with_password("alice", "wonder"), V12, &via(true)).await;
        assert_eq!(answer, refused(Refusal::Fault(Code::SERVER_ERROR)));
    }
}

#[tokio::test]
async fn the_configuration_says_where_a_clear_password_may_be_sent() {
    let gateway = AddressRange { network: "10.0.0.0".parse().unwrap(), prefix: 8 };
    let cases = [
        (ClearPasswords::TlsOrLoopback, true, "192.0.2.1:1", true),
        (ClearPasswords::TlsOrLoopback, false, "192.0.2.1:1", false),
        (ClearPasswords::TlsOrLoopback, false, "127.0.0.1:1", true),
        (ClearPasswords::TlsOrLoopback, false, "[::1]:1", true),
        (ClearPasswords::TlsOrLoopback, false, "[::ffff:127.0.0.1]:1", true),
        (ClearPasswords::TlsOrLoopback, false, "10.1.2.3:1", true),
        (ClearPasswords::TlsOrLoopback, false, "11.1.2.3:1", false),
        (ClearPasswords::Never, true, "127.0.0.1:1", false),
        (ClearPasswords::Always, false, "192.0.2.1:1", true),
    ];
    let desk = desk().await;
    for (clear_passwords, tls, remote, ok) in cases {
        let access = Access { clear_passwords, trusted_gateways: vec![gateway], ..access() };
        let login = Login::new(Arc::clone(&desk.accounts), &access, &Timers::default());
        let via = Via::of(&access, remote.parse().unwrap(), tls, []);
        assert_eq!(login.takes_clear(&via), ok, "{clear_passwords:?} {tls} {remote}");
    }
}

#[test]
fn a_refusal_echoes_the_client_and_says_why() {
    let response = Refusal::WrongPassword.response(&asking("alice"), V12);
    assert_eq!(response.client, client());
    assert_eq!(response.outcome.code, Code::INVALID_PASSWORD);
    assert!(response.outcome.description.is_some());
    assert_eq!((response.session, response.nonce), (None, None));
}

#[test]
fn no_secret_of_a_login_is_shown() {
    let request = LoginRequest { digest: Some("cWBas54Z".into()), ..with_password("alice", "wonder") };
    let shown = format!("{request:?}");
    assert!(!shown.contains("wonder") && !shown.contains("cWBas54Z") && !shown.contains("ck1"), "{shown}");
}
