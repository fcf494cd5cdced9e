//! Which of several texts suits a client's language (ISO 639).

use std::collections::BTreeMap;

/// Codes of three letters, both sets of ISO 639-2, and those of two letters for the same: phones send either.
#[rustfmt::skip]
const SHORT: &[(&str, &str)] = &[
    ("alb", "sq"), ("ara", "ar"), ("baq", "eu"), ("bel", "be"), ("bos", "bs"), ("bul", "bg"), ("cat", "ca"),
    ("ces", "cs"), ("chi", "zh"), ("cze", "cs"), ("dan", "da"), ("deu", "de"), ("dut", "nl"), ("ell", "el"),
    ("eng", "en"), ("est", "et"), ("eus", "eu"), ("fas", "fa"), ("fin", "fi"), ("fra", "fr"), ("fre", "fr"),
    ("ger", "de"), ("gle", "ga"), ("glg", "gl"), ("gre", "el"), ("heb", "he"), ("hin", "hi"), ("hrv", "hr"),
    ("hun", "hu"), ("ice", "is"), ("ind", "id"), ("isl", "is"), ("ita", "it"), ("jpn", "ja"), ("kor", "ko"),
    ("lav", "lv"), ("lit", "lt"), ("mac", "mk"), ("may", "ms"), ("mkd", "mk"), ("mlt", "mt"), ("msa", "ms"),
    ("nld", "nl"), ("nor", "no"), ("per", "fa"), ("pol", "pl"), ("por", "pt"), ("ron", "ro"), ("rum", "ro"),
    ("rus", "ru"), ("slk", "sk"), ("slo", "sk"), ("slv", "sl"), ("spa", "es"), ("sqi", "sq"), ("srp", "sr"),
    ("swe", "sv"), ("tha", "th"), ("tur", "tr"), ("ukr", "uk"), ("vie", "vi"), ("zho", "zh"),
];

/// The text for a language: under the very code, else under another one for the same language.
pub(super) fn choose<'a>(texts: &'a BTreeMap<String, String>, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.trim().to_ascii_lowercase().replace('_', "-");
    let same = || texts.iter().find(|(code, _)| language(code) == language(&wanted)).map(|(_, text)| text);
    texts.get(&wanted).or_else(same).map(String::as_str)
}

/// The language alone, by its short code.
fn language(code: &str) -> &str {
    let long = code.split('-').next().unwrap_or_default();
    SHORT.iter().find(|(known, _)| *known == long).map_or(long, |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_any_of_its_codes() {
        let texts = ["de", "eng", "pt-br", "pt"].map(|code| (code.to_owned(), code.to_owned()));
        let texts = BTreeMap::from(texts);
        let found = |wanted| choose(&texts, wanted);
        for wanted in ["de", "DE", "deu", "ger", "de-AT", "de_CH", " de "] {
            assert_eq!(found(wanted), Some("de"), "{wanted}");
        }
        assert_eq!((found("en"), found("eng"), found("en-GB")), (Some("eng"), Some("eng"), Some("eng")));
        assert_eq!((found("pt-BR"), found("pt-PT"), found("por")), (Some("pt-br"), Some("pt"), Some("pt")));
        for wanted in ["fi", "", "-", "deutsch"] {
            assert_eq!(found(wanted), None, "{wanted}");
        }
    }

    #[test]
    fn the_codes_are_in_order_and_of_their_lengths() {
        assert!(SHORT.is_sorted() && SHORT.iter().all(|(long, short)| (long.len(), short.len()) == (3, 2)));
    }
}
