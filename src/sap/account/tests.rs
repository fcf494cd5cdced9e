use std::sync::Arc;

use super::*;
use crate::store;

fn accounts() -> Accounts {
    on(store::memory())
}

fn on(store: Store) -> Accounts {
    let domain = "north.example".parse().unwrap();
    let aliases = vec!["n.example".parse().unwrap()];
    Accounts::new(store, Keyring::ephemeral().unwrap(), domain, aliases)
}

fn new(id: &str) -> NewAccount {
    NewAccount::new(id, Password::new("wonderland"))
}

fn numbered(id: &str, msisdn: &str) -> NewAccount {
    NewAccount { msisdn: Some(msisdn.into()), ..new(id) }
}

fn entry(id: &str, msisdn: Option<&str>) -> UserEntry {
    UserEntry {
        id: id.into(),
        password: "wonderland".into(),
        login: LoginClass::Digest,
        msisdn: msisdn.map(Into::into),
        friendly_name: None,
        first_name: None,
        last_name: None,
        email: None,
        active: true,
        ..UserEntry::sample()
    }
}

async fn known(accounts: &Accounts, user: &str) -> Option<Known> {
    accounts.known(&Address::parse(user, accounts.domain()).unwrap()).await.unwrap()
}

async fn opens(accounts: &Accounts, user: &str, password: &str) -> bool {
    let known = known(accounts, user).await.unwrap();
    let turn = accounts.turn(&known).await.unwrap();
    accounts.check(turn, &known, Password::new(password)).await.unwrap()
}

#[tokio::test]
async fn an_account_is_made_once_and_shown_without_its_secret() {
    let accounts = accounts();
    let made = accounts.create(NewAccount { email: Some("a@b.c".into()), ..new("wv:Alice@North.example") }).await;
    assert_eq!(made.unwrap().id, "alice");
    let again = accounts.create(new("ALICE")).await;
    assert!(matches!(again, Err(AccountError::Exists { id }) if id == "alice"));
    let shown = serde_json::to_string(&accounts.get("alice").await.unwrap()).unwrap();
    assert!(shown.contains(r#""login":"digest""#) && shown.contains(r#""active":true"#), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("password") && !shown.contains("wonderland"));
}

#[tokio::test]
async fn no_secret_is_stored_in_clear() {
    let store = store::memory();
    let accounts = on(Arc::clone(&store));
    accounts.create(new("alice")).await.unwrap();
    accounts.create(NewAccount { login: LoginClass::Hashed, ..new("bob") }).await.unwrap();
    for id in ["alice", "bob"] {
        let row = store.get(&user_key(id)).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&row.value).contains("wonderland"), "{id}");
        assert!(opens(&accounts, id, "wonderland").await, "{id}");
        assert!(!opens(&accounts, id, "Wonderland").await, "{id}");
    }
    assert!(accounts.password(&known(&accounts, "alice").await.unwrap()).unwrap().is_some());
    assert!(accounts.password(&known(&accounts, "bob").await.unwrap()).unwrap().is_none());
}

#[tokio::test]
async fn a_sealed_secret_moved_to_another_user_does_not_open() {
    let store = store::memory();
    let accounts = on(Arc::clone(&store));
    accounts.create(new("alice")).await.unwrap();
    let stolen = store.get(&user_key("alice")).await.unwrap().unwrap();
    let mut changes = Changes::default();
    changes.put(user_key("mallory"), stolen.value);
    store.commit(changes).await.unwrap();
    let mallory = known(&accounts, "mallory").await.unwrap();
    let turn = accounts.turn(&mallory).await.unwrap();
    assert_eq!(accounts.check(turn, &mallory, Password::new("wonderland")).await, Err(SecretError::Sealed));
}

#[tokio::test]
async fn ids_that_name_no_user_of_the_domain_are_refused() {
    let accounts = accounts();
    for id in ["", "wv:", "alice/list", "alice@south.example", "a b", "al<ice", "@north.example"] {
        let made = accounts.create(new(id)).await;
        assert!(matches!(made, Err(AccountError::Invalid { field: "id", .. })), "{id:?} {made:?}");
    }
    assert_eq!(accounts.create(new("carol@n.example")).await.unwrap().id, "carol");
}

#[tokio::test]
async fn values_that_no_phone_could_send_or_show_are_refused() {
    let accounts = accounts();
    let long = "x".repeat(257);
    for password in ["", " pw", "pw ", "p\nw", &long] {
        let made = accounts.create(NewAccount::new("alice", Password::new(password))).await;
        assert!(matches!(made, Err(AccountError::Invalid { field: "password", .. })), "{password:?}");
    }
    let named = NewAccount { first_name: Some("a\u{7}".into()), ..new("alice") };
    assert!(matches!(accounts.create(named).await, Err(AccountError::Invalid { field: "first_name", .. })));
    for msisdn in ["", "12", "+", "+4412345678901234", "none", "+44x1"] {
        let made = accounts.create(numbered("alice", msisdn)).await;
        assert!(matches!(made, Err(AccountError::Invalid { field: "msisdn", .. })), "{msisdn:?}");
    }
    for (service, domain) in [("mail", "b.example"), ("im", "not a domain"), ("im", "")] {
        let services = BTreeMap::from([(service.to_owned(), domain.to_owned())]);
        let made = accounts.create(NewAccount { services, ..new("alice") }).await;
        assert!(matches!(made, Err(AccountError::Invalid { field: "services", .. })), "{service} {domain}");
    }
    assert!(matches!(accounts.get("alice").await, Err(AccountError::NotFound { .. })));
}

#[tokio::test]
async fn a_number_belongs_to_one_user_and_finds_it() {
    let accounts = accounts();
    accounts.create(numbered("alice", "+358 (40) 123-4567")).await.unwrap();
    assert_eq!(accounts.get("alice").await.unwrap().msisdn.as_deref(), Some("+358401234567"));
    let second = accounts.create(numbered("bob", "358401234567")).await;
    assert!(matches!(second, Err(AccountError::NumberTaken)));
    assert!(matches!(accounts.get("bob").await, Err(AccountError::NotFound { .. })), "half an account was made");
    for text in ["+358401234567", "wv:+358401234567@north.example"] {
        assert_eq!(known(&accounts, text).await.unwrap().address.to_string(), "wv:alice@north.example");
    }
    assert!(known(&accounts, "+358401234568").await.is_none());
}

#[tokio::test]
async fn an_update_changes_the_given_fields_only() {
    let accounts = accounts();
    let full = NewAccount { email: Some("a@b.c".into()), first_name: Some("Al".into()), ..numbered("alice", "+111") };
    accounts.create(full).await.unwrap();
    let change: AccountChange = serde_json::from_str(r#"{"id":"Alice","email":null,"active":false}"#).unwrap();
    let now = accounts.update("alice", change).await.unwrap();
    assert_eq!((now.email, now.active, now.first_name.as_deref()), (None, false, Some("Al")));
    assert_eq!(now.msisdn.as_deref(), Some("+111"));
    assert!(opens(&accounts, "alice", "wonderland").await);
    assert!(!known(&accounts, "alice").await.unwrap().active);
    assert!(serde_json::from_str::<AccountChange>(r#"{"emial":"x"}"#).is_err(), "a misspelt field was ignored");
    let renamed: AccountChange = serde_json::from_str(r#"{"id":"bob"}"#).unwrap();
    assert!(matches!(accounts.update("alice", renamed).await, Err(AccountError::Invalid { field: "id", .. })));
    let nobody = accounts.update("bob", AccountChange::default()).await;
    assert!(matches!(nobody, Err(AccountError::NotFound { .. })));
}

#[tokio::test]
async fn a_changed_number_frees_the_old_one_and_takes_no_other_users() {
    let accounts = accounts();
    accounts.create(numbered("alice", "+111")).await.unwrap();
    accounts.create(numbered("bob", "+222")).await.unwrap();
    let number = |text: Option<&str>| AccountChange { msisdn: Some(text.map(Into::into)), ..AccountChange::default() };
    let stolen = accounts.update("alice", number(Some("+222"))).await;
    assert!(matches!(stolen, Err(AccountError::NumberTaken)));
    assert_eq!(accounts.user_with_number("+111").await.unwrap().as_deref(), Some("alice"));
    accounts.update("bob", number(None)).await.unwrap();
    accounts.update("alice", number(Some("222"))).await.unwrap();
    assert_eq!(accounts.user_with_number("+222").await.unwrap().as_deref(), Some("alice"));
    assert_eq!(accounts.user_with_number("+111").await.unwrap(), None);
}

#[tokio::test]
async fn the_way_a_password_is_kept_can_change_as_far_as_it_is_known() {
    let accounts = accounts();
    accounts.create(new("alice")).await.unwrap();
    let to = |login| AccountChange { login: Some(login), ..AccountChange::default() };
    accounts.update("alice", to(LoginClass::Hashed)).await.unwrap();
    assert!(opens(&accounts, "alice", "wonderland").await);
    let back = accounts.update("alice", to(LoginClass::Digest)).await;
    assert!(matches!(back, Err(AccountError::Invalid { field: "login", .. })));
    let change = AccountChange { password: Some(Password::new("other")), ..to(LoginClass::Digest) };
    accounts.update("alice", change).await.unwrap();
    assert!(opens(&accounts, "alice", "other").await);
    assert!(!opens(&accounts, "alice", "wonderland").await);
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_a_removed_user_frees_id_and_number() {
    let accounts = accounts();
    accounts.create(numbered("alice", "+111")).await.unwrap();
    accounts.set_password("alice", Password::new("second")).await.unwrap();
    assert!(opens(&accounts, "alice", "second").await && !opens(&accounts, "alice", "wonderland").await);
    accounts.remove("Alice").await.unwrap();
    assert!(matches!(accounts.remove("alice").await, Err(AccountError::NotFound { .. })));
    assert!(known(&accounts, "alice").await.is_none() && known(&accounts, "+111").await.is_none());
    accounts.create(numbered("alice", "+111")).await.unwrap();
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_order() {
    let accounts = accounts();
    for id in ["dora", "alice", "carol", "bob"] {
        accounts.create(numbered(id, &format!("+{}000", id.len()))).await.ok();
        accounts.create(new(id)).await.ok();
    }
    let (page, next) = accounts.list(None, 3).await.unwrap();
    assert_eq!(page.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["alice", "bob", "carol"]);
    let (page, next) = accounts.list(next.as_deref(), 3).await.unwrap();
    assert_eq!(page.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["dora"]);
    assert_eq!(next, None);
    assert_eq!(accounts.list(None, 4).await.unwrap().1, None, "a full last page has nothing after it");
}

#[tokio::test]
async fn existence_is_asked_by_address() {
    let accounts = accounts();
    accounts.create(new("alice")).await.unwrap();
    let cases = [
        ("wv:Alice@north.example", true),
        ("wv:alice@n.example", true),
        ("wv:bob@north.example", false),
        ("wv:alice@south.example", false),
        ("wv:alice/friends@north.example", false),
        ("wv:@north.example", false),
    ];
    for (text, there) in cases {
        let address = Address::parse(text, accounts.domain()).unwrap();
        assert_eq!(accounts.exists(&address).await.unwrap(), there, "{text}");
    }
}

#[tokio::test]
async fn seeding_makes_what_is_missing_and_leaves_the_rest_alone() {
    let accounts = accounts();
    accounts.create(NewAccount::new("alice", Password::new("changed"))).await.unwrap();
    let many: Vec<UserEntry> = (0..600).map(|n| entry(&format!("user{n}"), None)).collect();
    let entries: Vec<UserEntry> = [entry("Alice", None), entry("bob", Some("+222"))].into_iter().chain(many).collect();
    assert_eq!(accounts.seed(&entries).await.unwrap(), 601);
    assert!(opens(&accounts, "alice", "changed").await);
    assert!(opens(&accounts, "user599", "wonderland").await);
    assert_eq!(accounts.seed(&entries).await.unwrap(), 0);
}

#[tokio::test]
async fn a_bad_entry_is_named_by_its_id() {
    let accounts = accounts();
    let (id, fault) = accounts.seed(&[entry("alice", None), entry("b b", None)]).await.unwrap_err();
    assert!(id == "b b" && matches!(fault, AccountError::Invalid { field: "id", .. }));
    let twins = [entry("carol", Some("+333")), entry("dora", Some("+333"))];
    let (id, fault) = accounts.seed(&twins).await.unwrap_err();
    assert!(id == "dora" && matches!(fault, AccountError::NumberTaken), "{fault}");
}

#[tokio::test]
async fn a_record_of_an_older_version_is_read_with_defaults() {
    let store = store::memory();
    let accounts = on(Arc::clone(&store));
    let mut changes = Changes::default();
    changes.put(user_key("old"), r#"{"secret":"x","future":1}"#);
    changes.put(user_key("worse"), "{");
    store.commit(changes).await.unwrap();
    assert!(accounts.get("old").await.unwrap().active);
    assert!(matches!(accounts.get("worse").await, Err(AccountError::Damaged { .. })));
    accounts.remove("worse").await.unwrap();
    assert!(matches!(accounts.get("worse").await, Err(AccountError::NotFound { .. })));
}

#[tokio::test]
async fn changes_made_at_once_are_all_kept() {
    let accounts = Arc::new(accounts());
    accounts.create(new("alice")).await.unwrap();
    let fields = [r#"{"first_name":"A"}"#, r#"{"last_name":"B"}"#, r#"{"email":"c@d.e"}"#, r#"{"msisdn":"+111"}"#];
    let mut all = tokio::task::JoinSet::new();
    for field in fields {
        let accounts = Arc::clone(&accounts);
        all.spawn(async move { accounts.update("alice", serde_json::from_str(field).unwrap()).await.unwrap() });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    let now = accounts.get("alice").await.unwrap();
    assert_eq!(now.first_name.as_deref(), Some("A"));
    assert_eq!(now.last_name.as_deref(), Some("B"));
    assert_eq!(now.email.as_deref(), Some("c@d.e"));
    assert_eq!(now.msisdn.as_deref(), Some("+111"));
}

#[tokio::test]
async fn an_account_of_an_earlier_version_keeps_its_places() {
    let store = store::memory();
    let accounts = on(Arc::clone(&store));
    accounts.create(new("alice")).await.unwrap();
    let row = store.get(&user_key("alice")).await.unwrap().unwrap();
    let mut old: serde_json::Value = serde_json::from_slice(&row.value).unwrap();
    old.as_object_mut().unwrap().remove("profile");
    old["services"] = serde_json::json!({"im": "bb.example"});
    let mut changes = Changes::default();
    changes.put(user_key("alice"), old.to_string());
    store.commit(changes).await.unwrap();
    let alice = accounts.get("alice").await.unwrap();
    assert_eq!(alice.profile.services.im.pse.as_deref(), Some("bb.example"));
    assert!(alice.profile.services.group.in_use() && alice.services["im"] == "bb.example");
    let gone = AccountChange { services: Some(BTreeMap::new()), ..AccountChange::default() };
    accounts.update("alice", gone).await.unwrap();
    assert!(accounts.get("alice").await.unwrap().services.is_empty());
}
