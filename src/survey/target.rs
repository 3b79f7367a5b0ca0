//! For which objects a patch is: what its entry says of kind, name and labels, or else what the patch itself is called.
//! Whatever cannot be told here counts as meant.

use crate::yaml::NodeRef;

/// What a patch is for; what is left out is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// Exact, or a pattern.
    pub(super) kind: Option<String>,
    /// Exact, or a pattern.
    pub(super) name: Option<String>,
    /// A selector, as of `kubectl get -l`.
    pub(super) labels: Option<String>,
}

/// The object that a patch may be for.
#[derive(Debug, Clone, Copy)]
pub struct Patched<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    /// Of the object itself.
    pub labels: Option<NodeRef<'a>>,
    pub containers: &'a [&'a str],
}

/// What kustomizations may have done to an object before they patch it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Made {
    /// Its name has a prefix or suffix.
    pub(super) renamed: bool,
    /// It has more labels.
    pub(super) labelled: bool,
}

impl Target {
    pub(super) fn may_be(&self, object: Patched, made: Made) -> bool {
        let is_kind = |kind: &String| may_match(kind, object.kind);
        let is_named = |name: &String| may_match(name, object.name) || made.renamed && name.contains(object.name);
        let has_label = |labels: &String| may_select(labels, object.labels, made.labelled);
        self.kind.as_ref().is_none_or(is_kind)
            && self.name.as_ref().is_none_or(is_named)
            && self.labels.as_ref().is_none_or(has_label)
    }
}

/// Whether a pattern is of a text, as a whole. Of regular expressions only `a|b` and `.*` are read.
fn may_match(pattern: &str, text: &str) -> bool {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let inner = pattern.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
    inner.unwrap_or(pattern).split('|').any(|one| may_be_like(one, text))
}

fn may_be_like(pattern: &str, text: &str) -> bool {
    let is_plain = |piece: &str| piece.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let pieces: Vec<&str> = pattern.split(".*").collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return pattern == text || !is_plain(pattern);
    };
    if !pieces.iter().all(|piece| is_plain(piece)) {
        return true;
    }
    let Some(rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    let behind = |rest: &'_ str, piece: &&str| rest.find(*piece).map(|at| at + piece.len());
    let mut at = 0;
    middle.iter().all(|piece| {
        let end = behind(&rest[at..], piece);
        at += end.unwrap_or(0);
        end.is_some()
    })
}

/// Whether labels fulfil a selector; of its forms, sets are not read.
fn may_select(selector: &str, labels: Option<NodeRef>, has_more: bool) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(NodeRef::text);
    let fulfils = |requirement: &str| {
        let is = |key: &str, wanted: &str| value(key.trim()).map(|value| value == wanted.trim());
        if let Some((key, unwanted)) = requirement.split_once("!=") {
            return is(key, unwanted) != Some(true);
        }
        match requirement.split_once('=') {
            Some((key, wanted)) => is(key, wanted.strip_prefix('=').unwrap_or(wanted)).unwrap_or(has_more),
            None => match requirement.trim().strip_prefix('!') {
                Some(key) => value(key).is_none(),
                None => value(requirement.trim()).is_some() || has_more,
            },
        }
    };
    selector.contains('(') || selector.split(',').filter(|one| !one.trim().is_empty()).all(fulfils)
}

#[cfg(test)]
mod tests {
    use super::{may_match, may_select};
    use crate::yaml;

    #[test]
    fn patterns_are_of_whole_texts() {
        let table = [
            ("web", "web", true),
            ("web", "webhook", false),
            ("^web$", "web", true),
            ("web|api", "api", true),
            ("(web|api)", "web", true),
            ("web|api", "apis", false),
            (".*", "web", true),
            ("web.*", "webhook", true),
            ("web.*", "aweb", false),
            (".*-web", "dev-web", true),
            ("a.*b.*c", "aXbYc", true),
            ("a.*b.*c", "aXc", false),
            ("ab.*bc", "abc", false),
            ("Deployment|StatefulSet", "StatefulSet", true),
            // Not read, so that it may be.
            ("w[a-z]b", "api", true),
            ("(web)?api", "x", true),
        ];
        for (pattern, text, wanted) in table {
            assert_eq!(may_match(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn selectors_are_held_to_the_labels_that_are_there() {
        let table = [
            ("app=web", false, true),
            ("app==web", false, true),
            ("app=api", true, false),
            ("app=web, tier=x", false, false),
            ("app=web,tier=x", true, true),
            ("app!=web", false, false),
            ("tier!=x", false, true),
            ("app", false, true),
            ("tier", false, false),
            ("!app", false, false),
            ("!tier", false, true),
            ("app in (api)", false, true),
            ("", false, true),
        ];
        let chunks = yaml::split("{app: web}");
        let labels = yaml::parse(&chunks[0]).expect("parses");
        for (selector, has_more, wanted) in table {
            assert_eq!(may_select(selector, labels.root(), has_more), wanted, "{selector}");
        }
    }
}
