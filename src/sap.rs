//! (room under construction)

pub mod account;
pub mod capability;
pub mod login;
pub mod secret;
pub mod services;
