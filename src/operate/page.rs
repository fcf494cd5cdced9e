//! What is common to requests and answers of the admin address: pages of lists, and bodies that are read strictly.

use std::str::FromStr;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;

/// Items of a page if the request says nothing.
const USUAL: usize = 100;
/// Most items of a page.
const MOST: usize = 1000;

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Items at most.
    pub(super) limit: Option<usize>,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

// === impl Page ===

impl Page {
    /// How many items the page may have.
    pub(super) fn size(&self) -> Result<usize, Fault> {
        match self.limit {
            None => Ok(USUAL),
            Some(limit @ 1..=MOST) => Ok(limit),
            Some(limit) => {
                Err(Fault::invalid(format!("limit={limit} is out of range"), format!("ask for 1 to {MOST} items")))
            }
        }
    }

    /// The page of `all`, which `key` names and orders uniquely. The place to go on from need not exist any more.
    pub(super) fn of<T, K>(&self, mut all: Vec<T>, key: impl Fn(&T) -> K) -> Result<List<T>, Fault>
    where
        K: FromStr + Ord + ToString,
    {
        let size = self.size()?;
        if let Some(after) = &self.after {
            let Ok(after) = after.parse() else {
                return Err(Fault::invalid(
                    format!("after={after} is no place in this list"),
                    "start again without `after`",
                ));
            };
            all.retain(|item| key(item) > after);
        }
        all.sort_by_cached_key(&key);
        let more = all.len() > size;
        all.truncate(size);
        let next = all.last().filter(|_| more).map(|last| key(last).to_string());
        Ok(List { items: all, next })
    }
}

// === impl List ===

impl<T> List<T> {
    /// A page that was cut elsewhere.
    pub(super) fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// The parameters of a request.
pub(super) fn parameters<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Fault> {
    Ok(query?.0)
}

/// Reads a body that must be JSON; what the type doesn't know is an error that names it.
pub(super) fn read_json<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Fault> {
    let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("application/json");
    if !kind.trim().to_ascii_lowercase().starts_with("application/json") {
        return Err(Fault::invalid(format!("a body of type {kind} is not understood"), "send application/json"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Fault::invalid(format!("the body is not understood: {error}"), "mend the body"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(page: &Page, all: &[u32]) -> (Vec<u32>, Option<String>) {
        let list = page.of(all.to_vec(), |n| *n).unwrap();
        (list.items, list.next)
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let all = [30, 10, 20, 40];
        let first = Page { limit: Some(3), after: None };
        assert_eq!(items(&first, &all), (vec![10, 20, 30], Some("30".to_owned())));
        let second = Page { limit: Some(3), after: Some("30".to_owned()) };
        assert_eq!(items(&second, &all), (vec![40], None));
        let lost = Page { limit: Some(3), after: Some("25".to_owned()) };
        assert_eq!(items(&lost, &all), (vec![30, 40], None));
        assert_eq!(items(&Page::default(), &all), (vec![10, 20, 30, 40], None));
    }

    #[test]
    fn a_page_of_no_size_or_no_place_is_refused() {
        assert!(Page { limit: Some(0), after: None }.size().is_err());
        assert!(Page { limit: Some(MOST + 1), after: None }.size().is_err());
        assert!(Page { limit: None, after: Some("five".to_owned()) }.of(vec![1], |n| *n).is_err());
    }
}
