//! Requests with several targets: who failed, and what that makes of the whole (`docs/wire-notes.md`, "Sending").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::sap::RemoteResult;
use crate::syntax::{Said, ssp};
use crate::vocabulary::status::{Code, Detail, Outcome};
use crate::vocabulary::{Primitive, Text};

/// A recipient that was not reached, or a message that could not be dealt with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::sap) struct Failure {
    kind: Kind,
    pub(in crate::sap) id: Text,
    pub(in crate::sap) code: Code,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    User,
    Group,
    ContactList,
    Message,
}

impl Failure {
    pub(in crate::sap) fn of(recipient: &Address, code: Code) -> Self {
        Self { kind: Kind::User, id: recipient.to_string().into(), code }
    }

    pub(in crate::sap) fn user(id: &str, code: Code) -> Self {
        Self { kind: Kind::User, id: id.into(), code }
    }

    pub(in crate::sap) fn group(id: &str, code: Code) -> Self {
        Self { kind: Kind::Group, id: id.into(), code }
    }

    pub(in crate::sap) fn message(id: &str, code: Code) -> Self {
        Self { kind: Kind::Message, id: id.into(), code }
    }

    pub(in crate::sap) fn contact_list(id: &str, code: Code) -> Self {
        Self { kind: Kind::ContactList, id: id.into(), code }
    }
}

/// The outcome of a request with several targets: 200; one code if all failed alike; 900 if all failed
/// differently; 201 if some failed. Failed ids stand in one detail per code.
pub(in crate::sap) fn summary(total: usize, failures: &[Failure]) -> Outcome {
    let mut by_code: BTreeMap<Code, Detail> = BTreeMap::new();
    for failure in failures {
        let detail = by_code.entry(failure.code).or_insert_with(|| Detail {
            code: failure.code,
            description: Some(failure.code.meaning().into()),
            ..Detail::default()
        });
        match failure.kind {
            Kind::User => detail.users.push(failure.id.clone()),
            Kind::Group => detail.groups.push(failure.id.clone()),
            Kind::ContactList => detail.contact_lists.push(failure.id.clone()),
            Kind::Message => detail.messages.push(failure.id.clone()),
        }
    }
    let code = match (failures.first(), by_code.len()) {
        (None, _) => Code::SUCCESS,
        (Some(_), _) if failures.len() < total => Code::PARTIAL_SUCCESS,
        (Some(only), 1) => only.code,
        (Some(_), _) => Code::MULTIPLE_ERRORS,
    };
    Outcome { details: by_code.into_values().collect(), ..code.into() }
}

/// Which recipients another domain's result means failure for.
pub(in crate::sap) fn failures_of(result: &RemoteResult, recipients: &[Address]) -> Vec<Failure> {
    let all = |code: Code| recipients.iter().map(|r| Failure::of(r, code)).collect();
    let (fragment, version) = match result {
        Ok(answer) => answer,
        Err(code) => return all(*code),
    };
    let outcome = match ssp::read_fragment(fragment, *version, &crate::syntax::Limits::default()) {
        Ok((_, Said::Known(Primitive::SendMessageResponse(answer)))) => answer.outcome,
        Ok((_, Said::Known(Primitive::Status(status)))) => status.outcome,
        _ => return all(Code::SERVER_ERROR),
    };
    match outcome.code {
        Code::PARTIAL_SUCCESS => failures_in(&outcome, recipients),
        code if code.is_success() => Vec::new(),
        // Codes that speak of several causes are told apart by their details.
        Code::MULTIPLE_ERRORS if !outcome.details.is_empty() => failures_in(&outcome, recipients),
        code => all(code),
    }
}

fn failures_in(outcome: &Outcome, recipients: &[Address]) -> Vec<Failure> {
    let mut failures = Vec::new();
    for detail in &outcome.details {
        for id in &detail.users {
            let named = recipients.iter().find(|r| Address::parse(id, r.domain()).is_ok_and(|a| a == **r));
            failures.extend(named.map(|r| Failure::of(r, detail.code)));
        }
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(codes: &[Code]) -> Vec<Failure> {
        codes.iter().enumerate().map(|(n, code)| Failure::user(&format!("wv:u{n}@a.example"), *code)).collect()
    }

    #[test]
    fn codes_of_several_targets_merge() {
        let code = |total, codes: &[Code]| summary(total, &failures(codes)).code;
        assert_eq!(code(2, &[]), Code::SUCCESS);
        assert_eq!(code(2, &[Code::UNKNOWN_USER]), Code::PARTIAL_SUCCESS);
        assert_eq!(code(2, &[Code::UNKNOWN_USER, Code::UNKNOWN_USER]), Code::UNKNOWN_USER);
        assert_eq!(code(2, &[Code::UNKNOWN_USER, Code::BLOCKED]), Code::MULTIPLE_ERRORS);
    }

    #[test]
    fn failed_ids_stand_in_one_detail_per_code() {
        let outcome = summary(4, &failures(&[Code::UNKNOWN_USER, Code::BLOCKED, Code::UNKNOWN_USER]));
        let detail = |code| outcome.details.iter().find(|d| d.code == code).map(|d| d.users.len());
        assert_eq!((detail(Code::UNKNOWN_USER), detail(Code::BLOCKED)), (Some(2), Some(1)));
    }
}
