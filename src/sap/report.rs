//! Telling senders: which recipients failed at once, and what became of a message later
//! (`docs/wire-notes.md`, "Reports").

use std::time::Duration;

use tracing::{debug, warn};

use super::send::failure::failures_of;
use super::send::{SendContext, meta_of};
use super::{RemoteResult, Sap};
use crate::address::Address;
use crate::messaging::Report;
use crate::relay::{Request, Turn, Upstream};
use crate::time::Timestamp;
use crate::vocabulary::message::{DeliveryReportRequest, MessageInfo};
use crate::vocabulary::party::{Recipient, Sender, User};
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::Outcome;
use crate::vocabulary::{Element, Primitive, Version};

/// How long a report for another domain is tried.
const REPORT_LIFE: Duration = Duration::from_secs(86_400);

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
