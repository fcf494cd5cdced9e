//! `MetaInfo`, read straight from the tokens: a relay reads it in every request, and nothing else.

use crate::syntax::xml::{Token, Tokens};
use crate::vocabulary::interop::{MetaInfo, Requestor};
use crate::vocabulary::party::{ClientId, User};
use crate::vocabulary::record::trimmed;
use crate::vocabulary::{DecodeError, Element, Text};

use super::scan::child;

/// Reads a `MetaInfo` whose start was read last, up to its end.
pub(super) fn read(tokens: &mut Tokens<'_>, place: &mut Option<MetaInfo>) -> Result<(), DecodeError> {
    let into = place.insert(MetaInfo::default());
    let originated = tokens.value_of("clientOriginated")?;
    into.client_originated = originated.map(|text| yes_or_no(&text)).transpose()?;
    while let Some(tag) = child(tokens)? {
        if !tag.is("Requestor") {
            tokens.skip()?;
            continue;
        }
        once(into.requestor.is_none(), Element::Requestor)?;
        let requestor = into.requestor.insert(Requestor::default());
        requestor.service = text(tokens, "serviceID")?;
        while let Some(tag) = child(tokens)? {
            if tag.is("User") {
                once(requestor.user.is_none(), Element::User)?;
                user(tokens, requestor.user.insert(User::default()))?;
            } else {
                tokens.skip()?;
            }
        }
    }
    Ok(())
}

fn user(tokens: &mut Tokens<'_>, user: &mut User) -> Result<(), DecodeError> {
    user.id = text(tokens, "userID")?.ok_or(DecodeError::Missing(Element::UserId))?;
    user.friendly_name = text(tokens, "friendlyName")?;
    user.session = text(tokens, "userSessionID")?.map(|id| id.as_str().into());
    while let Some(tag) = child(tokens)? {
        if tag.is("ClientID") {
            once(user.client.is_none() && user.application.is_none(), Element::ClientId)?;
            (user.client, user.application) = client(tokens)?;
        } else {
            tokens.skip()?;
        }
    }
    Ok(())
}

/// A client, and the application that may stand in its place.
fn client(tokens: &mut Tokens<'_>) -> Result<(Option<ClientId>, Option<Text>), DecodeError> {
    let mut id = ClientId {
        url: text(tokens, "url")?.filter(|url| !url.is_empty()),
        msisdn: text(tokens, "msisdn")?.filter(|number| !number.is_empty()),
    };
    let mut application = None;
    let mut bare = String::new();
    loop {
        match tokens.next()? {
            Token::Start(tag) if tag.local().eq_ignore_ascii_case("ApplicationID") => {
                let named = text(tokens, "applicationID")?;
                let mut inside = String::new();
                loop {
                    match tokens.next()? {
                        Token::Start(_) => tokens.skip()?,
                        Token::Text(part) => inside.push_str(&part),
                        Token::End => break,
                        Token::Eof => return Err(DecodeError::Eof),
                    }
                }
                application = Some(named.unwrap_or_else(|| inside.trim().into()));
            }
            Token::Start(_) => tokens.skip()?,
            Token::Text(part) => bare.push_str(&part),
            Token::End => break,
            Token::Eof => return Err(DecodeError::Eof),
        }
    }
    if id.url.is_none() && id.msisdn.is_none() && !bare.trim().is_empty() {
        id.url = Some(bare.trim().into());
    }
    Ok((Some(id).filter(|id| id.url.is_some() || id.msisdn.is_some()), application))
}

fn text(tokens: &Tokens<'_>, wanted: &str) -> Result<Option<Text>, DecodeError> {
    Ok(tokens.value_of(wanted)?.map(|value| trimmed(&value).into()))
}

fn yes_or_no(text: &str) -> Result<bool, DecodeError> {
    let text = text.trim();
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (is(["Yes", "T", "true"]), is(["No", "F", "false"])) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(DecodeError::Value(Element::ClientOriginated)),
    }
}

fn once(first: bool, element: Element) -> Result<(), DecodeError> {
    if first { Ok(()) } else { Err(DecodeError::Twice(element)) }
}
