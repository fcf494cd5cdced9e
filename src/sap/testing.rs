//! A Service Access Point for tests: all services here, everything else as by default.

use std::sync::Arc;

use super::account::Accounts;
use super::login::Login;
use super::provider::ProviderInfo;
use super::secret::Keyring;
use super::services::Offered;
use super::{Reach, Sap, Settings};
use crate::address::Domain;
use crate::config::{Access, Messages, Services, Timers};
use crate::relay::{self, Relay};
use crate::store::Store;
use crate::syntax::Limits;

/// The Service Access Point of north.example, without peers and users.
pub(crate) fn sap(store: &Store, access: Access) -> Arc<Sap> {
    let domain: Domain = "north.example".parse().unwrap();
    let timers = Timers::default();
    let keyring = Keyring::ephemeral().unwrap();
    let accounts = Arc::new(Accounts::new(Arc::clone(store), keyring, domain.clone(), Vec::new()));
    let login = Login::new(Arc::clone(&accounts), &access, &timers);
    let relay = Relay::new(relay::Settings {
        domain: domain.clone(),
        aliases: Vec::new(),
        timers: timers.clone(),
        dice: Box::new(relay::Random),
    });
    let settings = Settings {
        domain,
        aliases: Vec::new(),
        access,
        messages: Messages::default(),
        timers,
        limits: Limits::default(),
        services: Services::default(),
        provider: ProviderInfo::default(),
        reach: Reach::default(),
    };
    Sap::new(settings, Arc::clone(store), accounts, login, Offered::new(&Services::default()), Arc::new(relay))
}
