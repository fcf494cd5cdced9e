//! Content in one form, whatever syntax it came in (`docs/wire-notes.md`, "Content").

use bytes::Bytes;

use super::group::properties::{GroupProperties, WelcomeNote};
use super::message::MessageInfo;
use super::provider::Picture;
use super::{Content, Primitive, Text, base64};

impl Primitive {
    /// Makes bytes of base64 that is marked as such, and marks bytes as `BASE64`, so that syntaxes of characters and
    /// of bytes carry the same content; `None` says nothing. What is marked but no base64 stays as it is.
    pub fn settle_content(&mut self) {
        match self {
            Self::SendMessageRequest(said) => in_message(Some(&mut said.info), said.content.as_mut()),
            Self::NewMessage(said) => in_message(Some(&mut said.info), said.content.as_mut()),
            Self::MessageNotification(said) => in_message(Some(&mut said.info), None),
            Self::DeliveryReportRequest(said) => in_message(Some(&mut said.info), None),
            Self::GetMessageListResponse(said) => {
                said.messages.iter_mut().for_each(|info| in_message(Some(info), None));
            }
            Self::GetMessageResponse(said) => {
                let info = match said.content {
                    Some(Content::Binary(_)) => Some(said.info.get_or_insert_default()),
                    _ => said.info.as_mut(),
                };
                in_message(info, said.content.as_mut());
            }
            Self::GetSpInfoResponse(said) => in_picture(&mut said.logo),
            Self::GetMapResponse(said) => in_picture(&mut said.map),
            Self::ExtendConversationRequest(said) => in_note(&mut said.welcome),
            Self::JoinGroupResponse(said) => in_note(&mut said.welcome),
            Self::CreateGroupRequest(said) => in_properties(&mut said.properties),
            Self::GetGroupPropsResponse(said) => in_properties(&mut said.properties),
            Self::SetGroupPropsRequest(said) => in_properties(&mut said.properties),
            Self::GroupChangeNotice(said) => in_properties(&mut said.properties),
            _ => {}
        }
    }
}

fn in_message(info: Option<&mut MessageInfo>, content: Option<&mut Content>) {
    if let Some(info) = info {
        settle(&mut info.encoding, content);
    }
}

fn in_picture(picture: &mut Option<Picture>) {
    if let Some(picture) = picture {
        settle(&mut picture.encoding, picture.content.as_mut());
    }
}

fn in_note(note: &mut Option<WelcomeNote>) {
    if let Some(note) = note {
        settle(&mut note.encoding, note.content.as_mut());
    }
}

fn in_properties(properties: &mut Option<GroupProperties>) {
    if let Some(properties) = properties {
        in_note(&mut properties.welcome);
    }
}

fn settle(encoding: &mut Option<Text>, content: Option<&mut Content>) {
    let marked = encoding.as_deref().is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("BASE64"));
    if encoding.as_deref().is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("None")) {
        *encoding = None;
    }
    match content {
        Some(Content::Binary(_)) => *encoding = Some("BASE64".into()),
        Some(content @ Content::Text(_)) if marked => {
            let Content::Text(text) = &*content else { return };
            if let Some(bytes) = base64::decode(text) {
                *content = Content::Binary(Bytes::from(bytes));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::message::NewMessage;

    #[test]
    fn bytes_and_marked_base64_are_the_same_content() {
        let settled = |encoding: Option<&str>, content| {
            let info = MessageInfo { encoding: encoding.map(Into::into), ..MessageInfo::default() };
            let mut said = Primitive::from(NewMessage { info, content: Some(content), ..NewMessage::default() });
            said.settle_content();
            let Primitive::NewMessage(NewMessage { info, content: Some(content), .. }) = said else { panic!() };
            (info.encoding.map(String::from), content)
        };
        let base64 = Some("BASE64".to_owned());
        let bytes = Content::Binary(Bytes::from_static(b"Hi"));
        assert_eq!(settled(None, bytes.clone()), (base64.clone(), bytes.clone()));
        assert_eq!(settled(Some("base64"), Content::Text("SGk=".into())), (Some("base64".into()), bytes));
        assert_eq!(settled(None, Content::Text("SGk=".into())), (None, Content::Text("SGk=".into())));
        assert_eq!(settled(Some("BASE64"), Content::Text("!".into())), (base64, Content::Text("!".into())));
    }
}
