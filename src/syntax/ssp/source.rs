//! SSP-XML as a source: a primitive's element is read whole and yielded in the shape CSP gives it, so that one set
//! of records serves both.

use std::borrow::Cow;

use crate::syntax::Limits;
use crate::syntax::date::Date;
use crate::syntax::xml::{Tag, Token, Tokens, escape::unescape};
use crate::vocabulary::base64::decode;
use crate::vocabulary::element::Kind;
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::{DecodeError, Element, Event, Source, Version};

use super::forms::{Body, Form, Rule, is_one_of};
use super::meta;

/// Events with the places they come from.
type Events<'a> = Vec<(usize, Event<'a>)>;

/// Children to be put into an element that SSP leaves out.
type Gathered<'a> = Vec<(Element, Events<'a>)>;

/// An element in the shape of CSP.
pub(super) struct Shaped<'a> {
    /// The primitive's element, its name as written, and what is inside, its end included.
    pub(super) element: Option<Element>,
    pub(super) name: &'a str,
    pub(super) events: Events<'a>,
    /// Its `MetaInfo`.
    pub(super) meta: Option<MetaInfo>,
}

/// Yields shaped events.
pub(super) struct Replay<'a> {
    events: std::vec::IntoIter<(usize, Event<'a>)>,
    version: Version,
    /// Where the last event came from.
    pub(super) at: usize,
}

/// Reads one element.
pub(super) struct Shaper<'a> {
    tokens: Tokens<'a>,
    meta: Option<MetaInfo>,
    /// What the recipients of a message are, one element each on the wire.
    recipients: Events<'a>,
    /// What a sender is called: a group, and a name in it.
    group: Events<'a>,
    screen_name: Events<'a>,
    application: Events<'a>,
    /// Where a `MessageInfo` without content type began, and what `ContentData` says of it.
    untyped: Option<usize>,
    content_type: Option<Cow<'a, str>>,
    /// The primitive told its outcome.
    outcome: bool,
}

// === impl Replay ===

impl<'a> Replay<'a> {
    pub(super) fn new(events: Events<'a>, version: Version) -> Self {
        Self { events: events.into_iter(), version, at: 0 }
    }
}

impl<'a> Source<'a> for Replay<'a> {
    fn next(&mut self) -> Result<Event<'a>, DecodeError> {
        Ok(match self.events.next() {
            Some((at, event)) => {
                self.at = at;
                event
            }
            None => Event::Eof,
        })
    }

    fn version(&self) -> Version {
        self.version
    }
}

// === impl Shaper ===

impl<'a> Shaper<'a> {
    pub(super) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(Self {
            tokens: Tokens::new(document, limits)?,
            meta: None,
            recipients: Vec::new(),
            group: Vec::new(),
            screen_name: Vec::new(),
            application: Vec::new(),
            untyped: None,
            content_type: None,
            outcome: false,
        })
    }

    /// Where a fault was noticed.
    pub(super) fn place(&self) -> (usize, String) {
        (self.tokens.at(), self.tokens.path(self.tokens.at()))
    }

    /// The names of the elements open at a place.
    pub(super) fn path(&self, at: usize) -> String {
        self.tokens.path(at)
    }

    /// Reads the element.
    pub(super) fn shape(&mut self) -> Result<Shaped<'a>, DecodeError> {
        let Token::Start(tag) = self.tokens.next()? else { return Err(DecodeError::Eof) };
        let name = tag.local();
        let mut events = Vec::with_capacity(64);
        let form = Form::named(name);
        let element = match form {
            None => {
                self.unknown()?;
                None
            }
            // Standing alone, an outcome is the primitive `Status`.
            Some(form) if form.element == Element::Result => {
                self.push(Event::Start(Some(Element::Result)), &mut events);
                self.fill(form, &mut events)?;
                self.push(Event::End, &mut events);
                Some(Element::Status)
            }
            Some(form) => {
                if form.element == Element::SubscribeGroupNoticeRequest {
                    self.subscribe_type(form, name, &mut events);
                }
                self.fill(form, &mut events)?;
                Some(form.element)
            }
        };
        if !matches!(self.tokens.next()?, Token::Eof) {
            return Err(DecodeError::Malformed("something follows the element".into()));
        }
        Ok(Shaped { element, name, events, meta: self.meta.take() })
    }

    /// The type of a subscription to notices, which SSP says in the name of the primitive.
    fn subscribe_type(&self, form: &Form, name: &str, out: &mut Events<'a>) {
        let at = form.names.iter().position(|known| known.eq_ignore_ascii_case(name));
        if let Some(kind) = at.and_then(|at| ["S", "U", "G"].get(at)) {
            self.leaf(Element::SubscribeType, (*kind).into(), out);
        }
    }

    /// Reads what is inside an unknown primitive: only `MetaInfo` means something.
    fn unknown(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.tokens.next()? {
                Token::Start(tag) if tag.local().eq_ignore_ascii_case("MetaInfo") && self.meta.is_none() => {
                    meta::read(&mut self.tokens, &mut self.meta)?;
                }
                Token::Start(_) => self.tokens.skip()?,
                Token::Text(_) => {}
                Token::End => return Ok(()),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    /// Reads attributes and inside of an element whose start was read, up to its end.
    fn fill(&mut self, form: &'static Form, out: &mut Events<'a>) -> Result<(), DecodeError> {
        let (own, encoded) = self.attributes(form, out)?;
        match form.body {
            Body::Children => {
                if matches!(form.element, Element::Result | Element::DetailedResult) && !self.tokens.has("code") {
                    self.leaf(Element::Code, "404".into(), out);
                }
                self.begin(form.element, out);
                self.children(form, out)?;
                self.finish(form.element, out);
            }
            Body::Content => self.children(form, out)?,
            Body::Plain => self.plain(out)?,
            Body::Text | Body::Attribute(_) => {
                let text = self.text()?;
                let text = own.unwrap_or(text);
                let text = match form.element.kind() {
                    Kind::Date => Date::parse(&text).map_or_else(|| text.clone(), |date| date.basic().into()),
                    _ => text,
                };
                self.push(Event::Text(text), out);
            }
            Body::TextOf(child) => {
                let text = self.text()?;
                if child == Element::SName || !text.trim().is_empty() {
                    self.leaf(child, text, out);
                }
            }
            Body::Data => {
                let text = self.text()?;
                let event = match (encoded, form.element) {
                    (true, element) => Event::Opaque(decode(&text).ok_or(DecodeError::Value(element))?.into()),
                    (false, Element::ContentData) => Event::Text(text),
                    (false, _) => Event::Text(trimmed(text)),
                };
                self.push(event, out);
            }
        }
        self.push(Event::End, out);
        Ok(())
    }

    /// Yields attributes as children; gives back the one that is the element's own text, and whether it is encoded.
    fn attributes(
        &mut self,
        form: &'static Form,
        out: &mut Events<'a>,
    ) -> Result<(Option<Cow<'a, str>>, bool), DecodeError> {
        let (mut own, mut encoded) = (None, false);
        let mut told = [None; 4];
        for (name, value) in self.tokens.attributes() {
            let value = unescape(value)?;
            match (form.child(name), form.body) {
                (Some(Element::Style), _) => {
                    for style in value.split_ascii_whitespace() {
                        self.leaf(Element::Style, style.to_owned().into(), out);
                    }
                }
                (Some(Element::Url), _) if value.trim().is_empty() => {}
                // Given in both spellings, it counts once.
                (Some(child), _) if told.contains(&Some(child)) => {}
                (Some(child), _) => {
                    if form.misspelling(child).is_some() {
                        told.rotate_right(1);
                        told[0] = Some(child);
                    }
                    self.leaf(child, value, out);
                }
                (None, Body::Attribute(text)) if name.eq_ignore_ascii_case(text) => own = Some(value),
                (None, Body::Data) if name.eq_ignore_ascii_case("encoding") => encoded = true,
                (None, Body::Data) if name.eq_ignore_ascii_case("contentType") => self.content_type = Some(value),
                _ => {}
            }
        }
        Ok((own, encoded))
    }

    fn children(&mut self, form: &'static Form, out: &mut Events<'a>) -> Result<(), DecodeError> {
        let mut gathered = Gathered::default();
        loop {
            match self.tokens.next()? {
                Token::Start(tag) => self.child(form, &tag, &mut gathered, out)?,
                // A client may be named by bare characters.
                Token::Text(text) if form.element == Element::ClientId => self.push(Event::Text(text), out),
                Token::Text(_) => {}
                Token::End => break,
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
        for (element, mut events) in gathered {
            self.push(Event::Start(Some(element)), out);
            out.append(&mut events);
            self.push(Event::End, out);
        }
        Ok(())
    }

    fn child(
        &mut self,
        parent: &'static Form,
        tag: &Tag<'a>,
        gathered: &mut Gathered<'a>,
        out: &mut Events<'a>,
    ) -> Result<(), DecodeError> {
        let name = tag.local();
        for rule in parent.rules {
            match rule {
                Rule::Named(form) if form.is_named(name) => return self.whole(form, out),
                Rule::Marked(form, attribute, value) if form.is_named(name) && self.is_marked(attribute, value) => {
                    return self.whole(form, out);
                }
                Rule::Within(names, form) if is_one_of(names, name) => return self.within(parent, form, out),
                Rule::Spliced(element, items) if let Some(form) = item(items, name) => {
                    let at = gathered.iter().position(|(known, _)| known == element);
                    let at = at.unwrap_or(gathered.len());
                    if at == gathered.len() {
                        gathered.push((*element, Vec::new()));
                    }
                    let Some((_, events)) = gathered.get_mut(at) else { continue };
                    return match Form::of(*element) {
                        Some(container) if container.body == Body::Content => self.known(container, form, events),
                        _ => self.whole(form, events),
                    };
                }
                Rule::Each(element, items) if let Some(form) = item(items, name) => {
                    self.push(Event::Start(Some(*element)), out);
                    self.whole(form, out)?;
                    self.push(Event::End, out);
                    return Ok(());
                }
                _ => {}
            }
        }
        match Form::named(name) {
            Some(form) => self.known(parent, form, out),
            None if parent.element == Element::Sender && name.eq_ignore_ascii_case("SenderDisplay") => {
                self.children(parent, out)
            }
            None => self.tokens.skip(),
        }
    }

    /// Whether the tag read last has an attribute of this value.
    fn is_marked(&self, attribute: &str, value: &str) -> bool {
        let told = self.tokens.attribute_of(attribute).unwrap_or_default().trim();
        // Flags have several spellings.
        told.eq_ignore_ascii_case(value) || value == "Yes" && is_one_of(&["T", "true"], told)
    }

    /// Reads what stands in an element around others that means nothing by itself.
    fn within(&mut self, parent: &'static Form, inner: &'static Form, out: &mut Events<'a>) -> Result<(), DecodeError> {
        loop {
            match self.tokens.next()? {
                Token::Start(tag) if inner.is_named(tag.local()) => self.whole(inner, out)?,
                Token::Start(tag) => self.child(parent, &tag, &mut Gathered::default(), out)?,
                Token::Text(_) => {}
                Token::End => return Ok(()),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    /// Reads what stands as CSP writes it.
    fn plain(&mut self, out: &mut Events<'a>) -> Result<(), DecodeError> {
        let mut depth = 0_u32;
        loop {
            match self.tokens.next()? {
                Token::Start(tag) => match Element::from_xml(tag.local()) {
                    Some(element) => {
                        depth += 1;
                        self.push(Event::Start(Some(element)), out);
                    }
                    None => self.tokens.skip()?,
                },
                Token::Text(text) => self.push(Event::Text(text), out),
                Token::End if depth == 0 => return Ok(()),
                Token::End => {
                    depth -= 1;
                    self.push(Event::End, out);
                }
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    /// Reads a child in its own form, or in one that no table tells.
    fn known(&mut self, parent: &'static Form, form: &'static Form, out: &mut Events<'a>) -> Result<(), DecodeError> {
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

    fn whole(&mut self, form: &'static Form, out: &mut Events<'a>) -> Result<(), DecodeError> {
        self.push(Event::Start(Some(form.element)), out);
        self.fill(form, out)
    }

    /// What has to be known before the children of an element: its attributes are already out.
    fn begin(&mut self, element: Element, out: &Events<'a>) {
        if element == Element::MessageInfo {
            let typed = |(_, event): &(usize, Event<'_>)| *event == Event::Start(Some(Element::ContentType));
            let typed = out.iter().rev().take_while(|(_, event)| *event != Event::Start(Some(element))).any(typed);
            self.untyped = (!typed).then_some(out.len());
        }
    }

    /// What SSP leaves out or writes elsewhere.
    fn finish(&mut self, element: Element, out: &mut Events<'a>) {
        match element {
            Element::MessageInfo | Element::ForwardMessageRequest if !self.recipients.is_empty() => {
                self.push(Event::Start(Some(Element::Recipient)), out);
                out.append(&mut self.recipients);
                self.push(Event::End, out);
            }
            Element::Sender => {
                let mut named = std::mem::take(&mut self.screen_name);
                let mut group = std::mem::take(&mut self.group);
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

    /// The characters up to the end of the current element.
    fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let mut all = Cow::Borrowed("");
        loop {
            match self.tokens.next()? {
                Token::Text(part) if all.is_empty() => all = part,
                Token::Text(part) => all.to_mut().push_str(&part),
                Token::Start(_) => self.tokens.skip()?,
                Token::End => return Ok(all),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    fn leaf(&self, element: Element, text: Cow<'a, str>, out: &mut Events<'a>) {
        self.push(Event::Start(Some(element)), out);
        self.push(Event::Text(text), out);
        self.push(Event::End, out);
    }

    fn push(&self, event: Event<'a>, out: &mut Events<'a>) {
        out.push((self.tokens.at(), event));
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

/// The form of one of several elements by its name.
fn item(items: &[Element], name: &str) -> Option<&'static Form> {
    items.iter().filter_map(|item| Form::of(*item)).find(|form| form.is_named(name))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
