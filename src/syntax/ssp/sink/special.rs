//! Shapes that no table tells: who sends and receives a message, a user's client, content beside its type.

use super::super::forms::Form;
use super::{Out, SspSink};
use crate::syntax::xml::escape::Place;
use crate::vocabulary::Element;
use crate::vocabulary::base64::decode;

impl SspSink {
    /// The name an element is written with.
    pub(super) fn name(&self, of: usize, form: &Form) -> &'static str {
        if form.element != Element::SubscribeGroupNoticeRequest {
            return form.name();
        }
        // One primitive of CSP is three of SSP; a type that is none of theirs is said in an attribute.
        let kind = self.find(of, Element::SubscribeType).map_or("", |at| self.characters(at));
        let at = ["S", "U", "G"].iter().position(|known| *known == kind).unwrap_or(3);
        form.names.get(at).copied().unwrap_or_default()
    }

    /// Writes a child that has a shape of its own; `false` if it has none.
    pub(super) fn special(&self, of: usize, child: usize, form: &Form, out: &mut Out) -> bool {
        use Element::{
            ApplicationId, ClientId, ContentEncoding, DeliveryReportRequest, ForwardMessageRequest, MessageInfo,
            Recipient, Result, Sender, User,
        };
        match (form.element, self.nodes[child].element) {
            // How content is encoded stands beside the content.
            (MessageInfo, ContentEncoding) => {
                let around = self.nodes[of].parent;
                let content = around.and_then(|around| self.find(around, Element::ContentData));
                self.encoding(child, content.is_some(), out);
            }
            (MessageInfo | ForwardMessageRequest, Recipient) => self.recipients(child, out),
            (MessageInfo | ForwardMessageRequest, Sender) => self.sender(child, out),
            (DeliveryReportRequest, Result) => {
                out.open("DeliveryResult");
                self.whole(child, &[], out);
                out.close("DeliveryResult");
            }
            (User | Element::ExtendConversationUser, ClientId) => self.client(Some(child), of, out),
            (User | Element::ExtendConversationUser, ApplicationId) => {
                if self.find(of, ClientId).is_none() {
                    self.client(None, of, out);
                }
            }
            _ => return false,
        }
        true
    }

    /// Styles of a font share one attribute.
    pub(super) fn styles(&self, font: usize, out: &mut Out) {
        if self.find(font, Element::Style).is_none() {
            return;
        }
        out.open_attribute("style");
        for (at, style) in self.children(font).filter(|at| self.nodes[*at].element == Element::Style).enumerate() {
            if at > 0 {
                out.text(" ");
            }
            self.text(style, Place::Attribute, out);
        }
        out.text("\"");
    }

    /// A user's client with the application at it.
    fn client(&self, client: Option<usize>, user: usize, out: &mut Out) {
        out.text("<ClientID");
        match client.and_then(|client| self.find(client, Element::Url)) {
            Some(url) => self.attribute("url", url, out),
            None => out.text(" url=\"\""),
        }
        if let Some(number) = client.and_then(|client| self.find(client, Element::Msisdn)) {
            self.attribute("msisdn", number, out);
        }
        match self.find(user, Element::ApplicationId) {
            Some(application) => {
                out.text(">");
                self.whole(application, &[], out);
                out.close("ClientID");
            }
            None => out.text("/>"),
        }
    }

    /// One element for each recipient. Contact lists mean nothing to another domain and are left out: whoever
    /// sends has put their members in their place.
    fn recipients(&self, of: usize, out: &mut Out) {
        if self.nodes[of].first.is_none() {
            out.lost.push(of);
        }
        for child in self.children(of) {
            let entity = match self.nodes[child].element {
                Element::User => Some(child),
                Element::Group => self.entity(child, out),
                _ => None,
            };
            let Some(entity) = entity else {
                out.lost.push(child);
                continue;
            };
            out.open("Recipient");
            self.whole(entity, &[], out);
            out.close("Recipient");
        }
    }

    /// Who a group stands for: somebody in it, whose name tells the group itself, or all of it.
    pub(super) fn entity(&self, group: usize, out: &mut Out) -> Option<usize> {
        let (id, name) = (self.find(group, Element::GroupId), self.find(group, Element::ScreenName));
        out.lost.extend(id.filter(|_| name.is_some()));
        name.or(id)
    }

    fn sender(&self, of: usize, out: &mut Out) {
        let user = self.find(of, Element::User);
        let group = self.find(of, Element::Group);
        let screen_name = group.and_then(|group| self.find(group, Element::ScreenName));
        let id = group.and_then(|group| self.find(group, Element::GroupId));
        out.lost.extend(id.filter(|_| screen_name.is_some()));
        out.lost.extend(group.filter(|_| id.is_none() && screen_name.is_none()));
        let id = id.filter(|_| screen_name.is_none());
        out.open("Sender");
        match (user, id, screen_name.and_then(|name| self.find(name, Element::GroupId))) {
            (Some(entity), ..) | (None, Some(entity), _) | (None, None, Some(entity)) => {
                self.whole(entity, &[], out);
            }
            _ => {}
        }
        if let Some(display) = screen_name.or_else(|| id.filter(|_| user.is_some())) {
            out.open("SenderDisplay");
            self.whole(display, &[], out);
            out.close("SenderDisplay");
        }
        out.close("Sender");
    }

    /// Characters as they are, bytes in base64: content, secrets and digests. Ends the start tag.
    pub(super) fn data(&self, of: usize, out: &mut Out) {
        let mut encoded = self.nodes[of].binary;
        if self.nodes[of].element == Element::ContentData
            && let Some(parent) = self.nodes[of].parent
        {
            let beside = self.find(parent, Element::MessageInfo).unwrap_or(parent);
            if let Some(kind) = self.find(beside, Element::ContentType) {
                self.attribute("contentType", kind, out);
            }
            let encoding = self.find(beside, Element::ContentEncoding);
            encoded |= encoding.is_some_and(|at| self.is_base64(at)) && decode(self.characters(of)).is_some();
        }
        out.text(if encoded { " encoding=\"base64\">" } else { ">" });
        self.text(of, Place::Text, out);
    }

    fn is_base64(&self, encoding: usize) -> bool {
        self.characters(encoding).eq_ignore_ascii_case("BASE64")
    }

    /// Only base64 has a place, at the content; none needs none.
    fn encoding(&self, of: usize, has_content: bool, out: &mut Out) {
        let none = self.characters(of).eq_ignore_ascii_case("None");
        if !(none || self.is_base64(of) && has_content) {
            out.lost.push(of);
        }
    }

    /// The `ContentData` of an element that holds nothing else.
    pub(super) fn content_data(&self, of: usize, out: &mut Out) {
        out.lost.extend(self.find(of, Element::ContentSize));
        if let Some(encoding) = self.find(of, Element::ContentEncoding) {
            self.encoding(encoding, true, out);
        }
        match (self.find(of, Element::ContentData), self.find(of, Element::ContentType)) {
            (Some(content), _) => {
                out.text("<ContentData");
                self.data(content, out);
                out.close("ContentData");
            }
            (None, Some(kind)) => out.lost.push(kind),
            (None, None) => {}
        }
    }
}
