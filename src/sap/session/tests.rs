use super::*;

/// A session of a user of north.example, with an id of its own.
pub(crate) fn record(user: &str) -> SessionRecord {
    SessionRecord {
        id: Sessions::new_id(),
        user: format!("wv:{user}@north.example").try_into().unwrap(),
        client: ClientId::default(),
        application: None,
        cookie: Text::default(),
        version: Version::V12,
        keep_alive: 60,
        from: IpAddr::from([127, 0, 0, 1]),
        since: Timestamp(0),
        capabilities: Capabilities::default(),
        agreed: Agreed::default(),
        notifications: Vec::new(),
    }
}

impl Sessions {
    /// Whether a poll has waited for something to arrive.
    pub(in crate::sap) fn is_waited_for(&self, id: &SessionId) -> bool {
        self.live.get(id).is_some_and(|live| live.arrival.is_some())
    }
}

#[test]
fn a_repetition_gets_the_same_answer_until_its_time_is_over() {
    let sessions = Sessions::default();
    let record = record("ann");
    let id = record.id.clone();
    sessions.open(Timestamp(0), record);
    let slot = |now| sessions.answer_slot(Timestamp(now), Timestamp(now + 10), &id, &"1".into(), 7).unwrap();
    let first = slot(0);
    assert!(Arc::ptr_eq(&first, &slot(5)));
    assert!(!Arc::ptr_eq(&first, &slot(11)));
}

#[test]
fn a_client_is_told_once_until_it_asks_or_a_minute_has_passed() {
    let sessions = Sessions::default();
    let record = record("ann");
    let id = record.id.clone();
    assert!(!sessions.stir(Timestamp(0), &id), "there is no such session");
    sessions.open(Timestamp(0), record);
    assert!(sessions.stir(Timestamp(0), &id) && !sessions.stir(Timestamp(59_999), &id));
    assert!(sessions.stir(Timestamp(60_000), &id) && !sessions.stir(Timestamp(60_001), &id));
    sessions.settle(&id);
    assert!(sessions.stir(Timestamp(60_002), &id));
}

#[test]
fn the_key_of_a_page_finds_its_session_as_long_as_it_lives() {
    let sessions = Sessions::default();
    let record = record("ann");
    let (id, key) = (record.id.clone(), Sessions::key_of(&record.id));
    sessions.open(Timestamp(0), record.clone());
    assert!(sessions.behind(&key).is_none(), "no page was agreed on");
    sessions.update(&id, |record| record.capabilities.cir_methods = vec![SHTTP.into()]);
    assert_eq!(sessions.behind(&key).map(|record| record.id), Some(id.clone()));
    let restored = sessions.close(&id).unwrap();
    assert!(sessions.behind(&key).is_none());
    sessions.open(Timestamp(1), restored);
    assert!(sessions.behind(&key).is_some(), "also after a restart");
}

#[test]
fn a_silent_session_expires_once_and_a_closed_one_is_forgotten() {
    let sessions = Sessions::default();
    let record = record("ann");
    let (id, user) = (record.id.clone(), record.user.clone());
    sessions.open(Timestamp(0), record);
    assert!(sessions.is_online(&user) && expired(&sessions, 60_000).is_empty());
    assert_eq!(expired(&sessions, 60_001), std::slice::from_ref(&id));
    assert!(expired(&sessions, 60_001).is_empty() && sessions.begin_end(&id).is_none() && !sessions.lives(&id));
    assert!(sessions.close(&id).is_some() && !sessions.is_online(&user) && sessions.is_empty());
    assert_eq!(sessions.due.len(), 0);
}

fn expired(sessions: &Sessions, now: u64) -> Vec<SessionId> {
    sessions.expire(Timestamp(now), 10).into_iter().map(|record| record.id).collect()
}

#[test]
fn whatever_a_client_says_starts_its_time_anew() {
    let sessions = Sessions::default();
    let record = record("ann");
    let id = record.id.clone();
    sessions.open(Timestamp(0), record);
    sessions.heard(Timestamp(50_000), &id);
    assert!(expired(&sessions, 100_000).is_empty());
    sessions.heard(Timestamp(109_000), &id);
    assert!(expired(&sessions, 169_000).is_empty());
    assert_eq!(expired(&sessions, 169_001), [id]);
}

#[test]
fn a_time_made_shorter_counts_at_once_and_one_made_longer_too() {
    let sessions = Sessions::default();
    let [short, long] = [record("ann"), record("bob")];
    let ids = [short.id.clone(), long.id.clone()];
    [short, long].into_iter().for_each(|record| sessions.open(Timestamp(0), record));
    sessions.update(&ids[0], |record| record.keep_alive = 10);
    sessions.update(&ids[1], |record| record.keep_alive = 600);
    assert_eq!(expired(&sessions, 10_001), [ids[0].clone()]);
    sessions.close(&ids[0]);
    assert!(expired(&sessions, 600_000).is_empty());
    assert_eq!(expired(&sessions, 600_001), [ids[1].clone()]);
}

#[test]
fn answers_are_forgotten_when_their_time_is_over_also_if_the_client_says_nothing_more() {
    let sessions = Sessions::default();
    let record = record("ann");
    let id = record.id.clone();
    sessions.open(Timestamp(0), record);
    let slot = sessions.answer_slot(Timestamp(0), Timestamp(30_000), &id, &"1".into(), 7).unwrap();
    assert!(expired(&sessions, 29_999).is_empty());
    assert_eq!(Arc::strong_count(&slot), 2);
    assert!(expired(&sessions, 30_000).is_empty());
    assert_eq!(Arc::strong_count(&slot), 1);
    assert_eq!(expired(&sessions, 60_001), [id]);
}

#[test]
fn a_session_that_is_spared_lives_on() {
    let sessions = Sessions::default();
    let record = record("ann");
    let id = record.id.clone();
    sessions.open(Timestamp(0), record);
    assert!(sessions.begin_end(&id).is_some() && sessions.begin_end(&id).is_none());
    sessions.spare(&id);
    assert!(sessions.lives(&id) && sessions.begin_end(&id).is_some());
}

#[test]
fn a_look_at_the_clock_costs_what_is_due_and_not_what_there_is() {
    let sessions = Sessions::default();
    (0..10_000).for_each(|_| sessions.open(Timestamp(0), record("ann")));
    assert!(sessions.expire(Timestamp(60_000), 10).is_empty());
    assert_eq!(sessions.due.taken(), 0, "nothing was looked at");
    assert_eq!(sessions.expire(Timestamp(60_001), 10).len(), 10);
    assert_eq!(sessions.due.taken(), 10);
}
