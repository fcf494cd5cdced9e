//! Shapes that no table tells: who sends and receives a message, a user's client, content beside its type, outcomes that
//! are missing.

use super::super::forms::{Body, Form};
use super::super::meta;
use super::{Events, Shaper};
use crate::vocabulary::{DecodeError, Element, Event};

impl<'a> Shaper<'a> {
    /// The type of a subscription to notices, which SSP says in the name of the primitive.
    pub(super) fn subscribe_type(&self, form: &Form, name: &str, out: &mut Events<'a>) {
        let at = form.names.iter().position(|known| known.eq_ignore_ascii_case(name));
        if let Some(kind) = at.and_then(|at| ["S", "U", "G"].get(at)) {
            self.leaf(Element::SubscribeType, (*kind).into(), out);
        }
    }

    /// Reads a child in its own form, or in one that no table tells.
    pub(super) fn known(
        &mut self,
        parent: &'static Form,
        form: &'static Form,
        out: &mut Events<'a>,
    ) -> Result<(), DecodeError> {
        match (parent.element, form.element) {
            (_, Element::MetaInfo) if self.meta.is_none() => meta::read(&mut self.tokens, &mut self.meta)?,
            (_, Element::MetaInfo) => self.tokens.skip()?,
            (Element::DeliveryReportRequest, Element::DeliveryResult) => {
                self.children(parent, out)?;
            }
            (Element::MessageInfo | Element::ForwardMessageRequest, Element::Recipient) => {
                let mut recipients = std::mem::take(&mut self.recipients);
                self.children(form, &mut recipients)?;
                self.recipients = recipients;
            }
            (_, Element::ContentData) if parent.body == Body::Content => {
                let outside = self.content_type.take();
                let mut content = Vec::new();
                self.whole(form, &mut content)?;
                if let Some(kind) = std::mem::replace(&mut self.content_type, outside) {
                    self.leaf(Element::ContentType, kind, out);
                }
                out.append(&mut content);
            }
            (Element::Recipient, Element::GroupId | Element::ScreenName) => {
                self.push(Event::Start(Some(Element::Group)), out);
                self.whole(form, out)?;
                self.push(Event::End, out);
            }
            (Element::Sender, Element::GroupId) => {
                let mut group = Vec::new();
                self.whole(form, &mut group)?;
                self.group = group;
            }
            // A name without a group is one in the group that sends.
            (Element::Sender, Element::Name) => {
                let text = self.text()?;
                self.name = Some(text);
            }
            (Element::Sender, Element::ScreenName) => {
                let mut name = Vec::new();
                self.whole(form, &mut name)?;
                self.screen_name = name;
            }
            (Element::User | Element::ExtendConversationUser, Element::ClientId) => {
                let mut client = Vec::new();
                self.whole(form, &mut client)?;
                // Of an application alone there is no client.
                if client.iter().any(|(_, event)| matches!(event, Event::Text(text) if !text.trim().is_empty())) {
                    out.append(&mut client);
                }
                out.append(&mut self.application);
            }
            (Element::ClientId, Element::ApplicationId) => {
                let mut application = Vec::new();
                self.whole(form, &mut application)?;
                self.application = application;
            }
            (_, Element::Result) => {
                self.outcome = true;
                self.whole(form, out)?;
            }
            _ => self.whole(form, out)?,
        }
        Ok(())
    }

    /// What has to be known before the children of an element: its attributes are already out.
    pub(super) fn begin(&mut self, element: Element, out: &Events<'a>) {
        if element == Element::MessageInfo {
            let typed = |(_, event): &(usize, Event<'_>)| *event == Event::Start(Some(Element::ContentType));
            let typed = out.iter().rev().take_while(|(_, event)| *event != Event::Start(Some(element))).any(typed);
            self.untyped = (!typed).then_some(out.len());
        }
    }

    /// What SSP leaves out or writes elsewhere.
    pub(super) fn finish(&mut self, element: Element, out: &mut Events<'a>) {
        match element {
            Element::MessageInfo | Element::ForwardMessageRequest if !self.recipients.is_empty() => {
                self.push(Event::Start(Some(Element::Recipient)), out);
                out.append(&mut self.recipients);
                self.push(Event::End, out);
            }
            Element::Sender => {
                let mut named = std::mem::take(&mut self.screen_name);
                let mut group = std::mem::take(&mut self.group);
                let name = self.name.take().filter(|_| named.is_empty() && !group.is_empty());
                if let Some(name) = name {
                    self.push(Event::Start(Some(Element::ScreenName)), &mut named);
                    self.leaf(Element::SName, name, &mut named);
                    named.append(&mut group);
                    self.push(Event::End, &mut named);
                }
                if named.is_empty() {
                    named.append(&mut group);
                }
                if !named.is_empty() {
                    self.push(Event::Start(Some(Element::Group)), out);
                    out.append(&mut named);
                    self.push(Event::End, out);
                }
            }
            element if !self.outcome && succeeds_unless_told(element) => {
                self.push(Event::Start(Some(Element::Result)), out);
                self.leaf(Element::Code, "200".into(), out);
                self.push(Event::End, out);
            }
            Element::SendMessageRequest | Element::NewMessage | Element::GetMessageResponse => {
                if let (Some(at), Some(kind)) = (self.untyped, self.content_type.take()) {
                    let mut inserted = Vec::with_capacity(3);
                    self.leaf(Element::ContentType, kind, &mut inserted);
                    out.splice(at..at, inserted);
                }
            }
            _ => {}
        }
    }
}

/// Answers in which a missing outcome is a success.
const fn succeeds_unless_told(element: Element) -> bool {
    use Element::{
        Disconnect, ExtendConversationResponse, GetAttributeListResponse, GetPresenceResponse, GetServiceResponse,
        GetUserProfileResponse, KeepAliveResponse, LeaveGroupResponse, ListManageResponse, SendMessageResponse,
        ServiceNegotiationResponse, UserKeepAliveResponse,
    };
    matches!(
        element,
        Disconnect
            | ExtendConversationResponse
            | GetAttributeListResponse
            | GetPresenceResponse
            | GetServiceResponse
            | GetUserProfileResponse
            | KeepAliveResponse
            | LeaveGroupResponse
            | ListManageResponse
            | SendMessageResponse
            | ServiceNegotiationResponse
            | UserKeepAliveResponse
    )
}
