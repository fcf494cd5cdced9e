//! Telling senders: which recipients failed at once, and what became of a message later
//! (`docs/wire-notes.md`, "Reports").

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use super::send::{SendContext, failures_of, meta_of};
use super::{RemoteResult, Sap};
use crate::address::Address;
use crate::messaging::Report;
use crate::relay::{Request, Turn, Upstream};
use crate::time::Timestamp;
use crate::vocabulary::message::{DeliveryReportRequest, MessageInfo};
use crate::vocabulary::party::{Recipient, Sender, User};
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::{Code, Detail, Outcome};
use crate::vocabulary::{Element, Primitive, Text, Version};

/// How long a report for another domain is tried.
const REPORT_LIFE: Duration = Duration::from_secs(86_400);

/// A recipient that was not reached, or a message that could not be dealt with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    kind: Kind,
    id: Text,
    code: Code,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    User,
    Group,
    ContactList,
    Message,
}

impl Failure {
    pub(super) fn of(recipient: &Address, code: Code) -> Self {
        Self { kind: Kind::User, id: recipient.to_string().into(), code }
    }

    pub(super) fn user(id: &str, code: Code) -> Self {
        Self { kind: Kind::User, id: id.into(), code }
    }

    pub(super) fn group(id: &str, code: Code) -> Self {
        Self { kind: Kind::Group, id: id.into(), code }
    }

    pub(super) fn message(id: &str, code: Code) -> Self {
        Self { kind: Kind::Message, id: id.into(), code }
    }

    pub(super) fn contact_list(id: &str, code: Code) -> Self {
        Self { kind: Kind::ContactList, id: id.into(), code }
    }
}

/// The outcome of a request with several targets: 200; one code if all failed alike; 900 if all failed
/// differently; 201 if some failed. Failed ids stand in one detail per code.
pub(super) fn summary(total: usize, failures: &[Failure]) -> Outcome {
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

impl Sap {
    /// Sends a report to the sender of a message, wherever he lives.
    pub(super) fn send_report(&self, now: Timestamp, report: &Report, turn: &mut Turn) {
        if self.is_local(report.to.domain()) {
            return self.messaging.report(now, report, &mut turn.changes);
        }
        let request = Request {
            target: report.to.domain().clone(),
            service: Service::Im,
            element: Element::DeliveryReportRequest,
            function: None,
            fragment: self.fragment_for(
                report.to.domain(),
                Some(&meta_of(&report.recipient)),
                &ssp_report(report),
                Version::V13,
            ),
            requestor: Some(report.recipient.clone()),
            message: Some(report.message.clone()),
            expires: now + REPORT_LIFE,
            upstream: Upstream::Node,
        };
        if let Err(refusal) = self.relay.submit(now, request, turn) {
            warn!(message = %report.message, reason = %refusal.reason, "a delivery report could not be sent");
        }
    }

    /// A result that came after the client was answered: success was promised, so only failure is told.
    pub(super) fn report_late(&self, now: Timestamp, context: &str, result: &RemoteResult, turn: &mut Turn) {
        let Ok(context) = serde_json::from_str::<SendContext>(context) else {
            debug!("a result without a context");
            return;
        };
        for failure in failures_of(result, &context.recipients) {
            let Ok(recipient) = Address::parse(&failure.id, &self.settings.domain) else { continue };
            let report = Report {
                recipient,
                code: failure.code,
                description: Some(failure.code.meaning().into()),
                at: now,
                ..context.report.clone()
            };
            self.messaging.report(now, &report, &mut turn.changes);
        }
    }
}

fn ssp_report(report: &Report) -> Primitive {
    let user = |address: &Address| User { id: address.to_string().into(), ..User::default() };
    // The roles are those of the report: it goes to the message's sender, and comes from its recipient.
    let info = MessageInfo {
        id: Some(report.message.clone()),
        content_type: Some(report.content_type.clone()),
        size: u32::try_from(report.size).ok(),
        name: report.content_name.clone(),
        recipient: Some(Recipient {
            users: vec![User { client: report.to_client.clone(), ..user(&report.to) }],
            ..Recipient::default()
        }),
        sender: Some(Sender { user: Some(user(&report.recipient)), group: None }),
        ..MessageInfo::default()
    };
    Primitive::DeliveryReportRequest(DeliveryReportRequest {
        outcome: Outcome { code: report.code, description: report.description.clone(), ..Outcome::default() },
        time: Some(report.at.iso_extended().into()),
        info,
    })
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
