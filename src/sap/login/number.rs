//! Logins for which the network vouches: a trusted gateway states the subscriber's number
//! (`docs/wire-notes.md`, "Logins by the network").

use super::{Admission, Answer, Login, Refusal, Stop, given};
use crate::address::Address;
use crate::sap::Via;
use crate::sap::account::{Known, Registered, digits};
use crate::vocabulary::access::LoginRequest;
use crate::vocabulary::{Secret, Version};

// === impl Login ===

impl Login {
    /// A client that leaves it to the network to say who it is.
    pub(super) async fn by_network(&self, request: &LoginRequest, version: Version, via: &Via) -> Result<Answer, Stop> {
        let Some(number) = via.msisdn.as_deref() else {
            let refusal = if via.foreign_number { Refusal::ForeignNumber } else { Refusal::NoNumber };
            return Err(refusal.into());
        };
        // What the client itself says proves nothing, but it must not be something else.
        let claimed = request.client.as_ref().and_then(|client| client.msisdn.as_deref()).map(str::trim);
        if claimed.is_some_and(|claimed| !claimed.is_empty() && digits(claimed) != Some(number)) {
            return Err(Refusal::OtherNumber.into());
        }
        let registered = match self.accounts.by_number(number).await? {
            Some(known) => Registered { known, password: None },
            // Before 1.3 there is no way to tell the client who it is.
            None if self.auto_register && version == Version::V13 => self.accounts.register(number).await?,
            None => return Err(Refusal::UnknownUser.into()),
        };
        let Registered { known, password } = registered;
        if !known.active {
            return Err(Stop::of(Refusal::Barred, Some(&known)));
        }
        if password.is_some() {
            metrics::counter!("postern_client_registrations_total").increment(1);
            tracing::info!(user = %known.address, "a subscriber was given an account");
        }
        let password = password.map(|password| Secret::from(password.expose()));
        Ok(Answer::Admit(Admission { password, ..self.admission(request, version, known, None, true) }))
    }

    /// Whether a client that names a user and proves nothing means the subscriber the network states.
    pub(super) fn vouched(&self, known: Option<&Known>, asked: &Address, request: &LoginRequest, via: &Via) -> bool {
        let Some(number) = via.msisdn.as_deref() else { return false };
        let proves = given(request.password.as_ref()).or_else(|| given(request.digest.as_ref())).is_some();
        let offers = request.schemas.iter().any(|schema| !schema.trim().is_empty());
        let same = match known {
            Some(known) => known.has_number(number),
            None => self.accounts.is_local(asked.domain()) && digits(asked.user()) == Some(number),
        };
        same && !proves && !offers
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{Access, Timers};
    use crate::ident::SessionId;
    use crate::sap::account::{Accounts, NewAccount};
    use crate::sap::login::tests::access;
    use crate::sap::secret::{Keyring, Password};
    use crate::store;
    use crate::time::Timestamp;
    use crate::vocabulary::Text;
    use crate::vocabulary::Version::{V11, V12, V13};
    use crate::vocabulary::party::ClientId;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);
    const ALICES: &str = "358401234567";

    /// alice and ivan have numbers, ivan may not log in, bob has none.
    async fn desk(auto_register: bool) -> Login {
        let keyring = Keyring::ephemeral().unwrap();
        let accounts = Accounts::new(store::memory(), keyring, "north.example".parse().unwrap(), Vec::new());
        let new = |id: &str| NewAccount::new(id, Password::new("wonder"));
        accounts.create(NewAccount { msisdn: Some(format!("+{ALICES}")), ..new("alice") }).await.unwrap();
        accounts.create(NewAccount { msisdn: Some("111".into()), active: false, ..new("ivan") }).await.unwrap();
        accounts.create(new("bob")).await.unwrap();
        Login::new(Arc::new(accounts), &Access { auto_register, ..access() }, &Timers::default())
    }

    fn gateway(number: Option<&str>) -> Via {
        let direct = Via::direct(([10, 0, 0, 1], 4000).into(), false);
        Via { gateway: true, msisdn: number.map(Text::from), ..direct }
    }

    fn nameless() -> LoginRequest {
        LoginRequest { cookie: Some("ck".into()), ..LoginRequest::default() }
    }

    fn named(user: &str) -> LoginRequest {
        LoginRequest { user: Some(user.into()), ..nameless() }
    }

    async fn open(login: &Login, request: &LoginRequest, version: Version, via: &Via) -> Answer {
        login.handle(NOW, request, version, via).await
    }

    async fn admit(login: &Login, request: &LoginRequest, version: Version, via: &Via) -> Admission {
        match open(login, request, version, via).await {
            Answer::Admit(admission) => admission,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_number_a_gateway_states_opens_without_a_user_id_in_every_version() {
        let login = desk(false).await;
        for (version, told) in [(V11, None), (V12, None), (V13, Some("wv:alice@north.example"))] {
            for user in [None, Some(Text::default())] {
                let request = LoginRequest { user, ..nameless() };
                let admission = admit(&login, &request, version, &gateway(Some(ALICES))).await;
                assert_eq!(admission.user.to_string(), "wv:alice@north.example");
                assert_eq!((admission.schema, &admission.password), (None, &None));
                assert_eq!(admission.response(&SessionId::new("s")).user.as_deref(), told, "{version}");
            }
        }
    }

    #[tokio::test]
    async fn a_user_named_without_a_proof_is_let_in_by_his_own_number_only() {
        let login = desk(false).await;
        for user in ["alice", "wv:alice@north.example", "+358401234567"] {
            admit(&login, &named(user), V12, &gateway(Some(ALICES))).await;
        }
        for (user, via) in
            [("bob", gateway(Some(ALICES))), ("alice", gateway(Some("222333444"))), ("alice", gateway(None))]
        {
            assert!(matches!(open(&login, &named(user), V13, &via).await, Answer::Challenge(_)), "{user}");
        }
    }

    #[tokio::test]
    async fn who_offers_a_proof_has_to_give_it() {
        let login = desk(false).await;
        let via = gateway(Some(ALICES));
        let offering = LoginRequest { schemas: vec!["MD5".into()], ..named("alice") };
        assert!(matches!(open(&login, &offering, V12, &via).await, Answer::Challenge(_)));
        let wrong = LoginRequest { password: Some("wrong".into()), ..named("alice") };
        assert_eq!(open(&login, &wrong, V12, &via).await, Answer::Refuse(Refusal::WrongPassword));
    }

    #[tokio::test]
    async fn a_client_that_states_its_number_itself_proves_nothing() {
        let login = desk(true).await;
        let client = Some(ClientId { url: None, msisdn: Some(ALICES.into()) });
        let request = LoginRequest { client, ..nameless() };
        assert_eq!(open(&login, &request, V13, &gateway(None)).await, Answer::Refuse(Refusal::NoNumber));
        let foreign = Via { foreign_number: true, ..Via::direct(([192, 0, 2, 1], 1).into(), true) };
        assert_eq!(open(&login, &request, V13, &foreign).await, Answer::Refuse(Refusal::ForeignNumber));
        assert_eq!(open(&login, &nameless(), V12, &foreign).await, Answer::Refuse(Refusal::ForeignNumber));
        assert_eq!(Refusal::ForeignNumber.code(V13).0, 920);
        assert_eq!(Refusal::ForeignNumber.code(V12).0, 531);
    }

    #[tokio::test]
    async fn a_client_must_not_state_another_number_than_the_gateway() {
        let login = desk(true).await;
        for (stated, fits) in [(ALICES, true), ("+358401234567", true), ("", true), ("222333444", false), ("x", false)]
        {
            let client = Some(ClientId { url: None, msisdn: Some(stated.into()) });
            let answer = open(&login, &LoginRequest { client, ..nameless() }, V13, &gateway(Some(ALICES))).await;
            assert_eq!(matches!(answer, Answer::Admit(_)), fits, "{stated:?}: {answer:?}");
            assert!(fits || answer == Answer::Refuse(Refusal::OtherNumber));
        }
    }

    #[tokio::test]
    async fn an_unknown_number_is_an_unknown_user_unless_accounts_are_made_for_it() {
        let via = gateway(Some("222333444"));
        let closed = desk(false).await;
        assert_eq!(open(&closed, &nameless(), V13, &via).await, Answer::Refuse(Refusal::UnknownUser));
        let open_to_all = desk(true).await;
        assert_eq!(open(&open_to_all, &nameless(), V12, &via).await, Answer::Refuse(Refusal::UnknownUser));
        let first = admit(&open_to_all, &nameless(), V13, &via).await;
        let told = first.response(&SessionId::new("s"));
        let (user, password) = (told.user.unwrap(), told.password.unwrap());
        let again = admit(&open_to_all, &nameless(), V13, &via).await;
        assert_eq!((&again.user, &again.password), (&first.user, &None), "the password is told once");
        let known = LoginRequest { user: Some(user), password: Some(password), ..nameless() };
        let elsewhere = Via::direct(([192, 0, 2, 1], 1).into(), true);
        assert_eq!(admit(&open_to_all, &known, V12, &elsewhere).await.user, first.user);
    }

    #[tokio::test]
    async fn a_number_in_the_place_of_the_user_id_is_registered_too_if_it_is_the_subscribers() {
        let login = desk(true).await;
        let admission = admit(&login, &named("+222333444"), V13, &gateway(Some("222333444"))).await;
        assert!(admission.password.is_some());
        assert!(matches!(
            open(&login, &named("+555666777"), V13, &gateway(Some("222333445"))).await,
            Answer::Challenge(_)
        ));
    }

    #[tokio::test]
    async fn a_number_does_not_open_an_account_that_is_not_active() {
        let login = desk(true).await;
        for request in [nameless(), named("ivan")] {
            assert_eq!(open(&login, &request, V13, &gateway(Some("111"))).await, Answer::Refuse(Refusal::Barred));
        }
    }
}
