//! General notifications: what one session of a user changed is told to his other sessions that want to know (1.3; IMPS
//! 1.3 architecture, C.8.15; docs/wire-notes.md, "General notifications").

use crate::sap::Sap;
use crate::sap::session::SessionRecord;
use crate::vocabulary::notification::{
    NotificationRequest, SubscribeNotificationRequest, UnsubscribeNotificationRequest,
};
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Primitive, Text, Version};

/// Every type there is.
const TYPES: [&str; 25] = [
    "AC",
    "ANC",
    "AND",
    "ANU",
    "ATCL",
    "BLC",
    "BLUC",
    "CLC",
    "CLCR",
    "CLD",
    "GC",
    "GD",
    "GLC",
    "GLUC",
    "GMAU",
    "GMG",
    "GMR",
    "GMU",
    "GR",
    "IA",
    "IC",
    "IR",
    "OEU",
    "PPU",
    PRIORITY_ADJUSTED,
];
/// The session's rank among the user's sessions was adjusted.
const PRIORITY_ADJUSTED: &str = "SPA";

impl Sap {
    /// Answers `SubscribeNotification-Request`; no type at all means every type.
    pub(in crate::sap) async fn subscribe_notifications(
        &self,
        session: &SessionRecord,
        request: &SubscribeNotificationRequest,
    ) -> Primitive {
        let wanted = if request.types.is_empty() { TYPES.map(Text::from).to_vec() } else { request.types.to_vec() };
        let Some(wanted) = wanted.iter().map(|name| known(name)).collect::<Option<Vec<Text>>>() else {
            return Status::from(Code::BAD_PARAMETER).into();
        };
        self.change_session(&session.id, |record| {
            record.notifications.extend(wanted);
            record.notifications.sort_unstable();
            record.notifications.dedup();
        })
        .await;
        Status::from(Code::SUCCESS).into()
    }

    /// Answers `UnsubscribeNotification-Request`; no type at all means every type.
    pub(in crate::sap) async fn unsubscribe_notifications(
        &self,
        session: &SessionRecord,
        request: &UnsubscribeNotificationRequest,
    ) -> Primitive {
        let unwanted = |name: &Text| request.types.iter().any(|unwanted| unwanted.eq_ignore_ascii_case(name));
        self.change_session(&session.id, |record| {
            record.notifications.retain(|name| !request.types.is_empty() && !unwanted(name));
        })
        .await;
        Status::from(Code::SUCCESS).into()
    }

    /// Tells the user's other sessions that this one has another rank now.
    pub(in crate::sap) fn tell_priority(&self, session: &SessionRecord, priority: u32) {
        let notification = NotificationRequest {
            notification_type: PRIORITY_ADJUSTED.into(),
            priority: Some(priority),
            ..NotificationRequest::default()
        };
        self.tell_other_sessions(session, &notification);
    }

    /// Tells the user's other sessions that subscribed to it what this one changed.
    fn tell_other_sessions(&self, changed_by: &SessionRecord, notification: &NotificationRequest) {
        for id in self.sessions.of_user(&changed_by.user).into_iter().filter(|id| *id != changed_by.id) {
            let wants = |record: SessionRecord| {
                record.version == Version::V13 && record.notifications.contains(&notification.notification_type)
            };
            if self.sessions.get(&id).is_some_and(wants) {
                self.tell_session(&id, notification.clone());
            }
        }
    }
}

/// A type in its usual spelling.
fn known(name: &str) -> Option<Text> {
    TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim())).map(Text::from)
}
