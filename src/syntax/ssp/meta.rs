//! `MetaInfo`, read straight from the tokens: a relay reads it in every request, and nothing else.

use crate::syntax::xml::{Token, Tokens};
use crate::vocabulary::interop::{MetaInfo, Requestor};
use crate::vocabulary::party::{ClientId, User};
use crate::vocabulary::{DecodeError, Element, Text};

/// Reads a `MetaInfo` whose start was read last, up to its end.
pub(super) fn read(tokens: &mut Tokens<'_>) -> Result<MetaInfo, DecodeError> {
    let originated = tokens.value_of("clientOriginated")?;
    let mut meta =
        MetaInfo { client_originated: originated.map(|text| yes_or_no(&text)).transpose()?, requestor: None };
    while let Some(name) = child(tokens)? {
        if !name.eq_ignore_ascii_case("Requestor") {
            tokens.skip()?;
            continue;
        }
        once(meta.requestor.is_none(), Element::Requestor)?;
        let mut requestor = Requestor { service: text(tokens, "serviceID")?, user: None };
        while let Some(name) = child(tokens)? {
            if name.eq_ignore_ascii_case("User") {
                once(requestor.user.is_none(), Element::User)?;
                requestor.user = Some(user(tokens)?);
            } else {
                tokens.skip()?;
            }
        }
        meta.requestor = Some(requestor);
    }
    Ok(meta)
}

fn user(tokens: &mut Tokens<'_>) -> Result<User, DecodeError> {
    let id = text(tokens, "userID")?.ok_or(DecodeError::Missing(Element::UserId))?;
    let mut user = User { id, friendly_name: text(tokens, "friendlyName")?, ..User::default() };
    user.session = text(tokens, "userSessionID")?.map(|id| id.as_str().into());
    while let Some(name) = child(tokens)? {
        if name.eq_ignore_ascii_case("ClientID") {
            once(user.client.is_none() && user.application.is_none(), Element::ClientId)?;
            (user.client, user.application) = client(tokens)?;
        } else {
            tokens.skip()?;
        }
    }
    Ok(user)
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

/// The next child's name; `None` at the end of the current element.
fn child<'a>(tokens: &mut Tokens<'a>) -> Result<Option<&'a str>, DecodeError> {
    loop {
        match tokens.next()? {
            Token::Start(tag) => return Ok(Some(tag.local())),
            Token::Text(_) => {}
            Token::End => return Ok(None),
            Token::Eof => return Err(DecodeError::Eof),
        }
    }
}

fn text(tokens: &Tokens<'_>, wanted: &str) -> Result<Option<Text>, DecodeError> {
    Ok(tokens.value_of(wanted)?.map(|value| value.trim().into()))
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
