//! Cheap tests on bytes, before any parser: can there be a workload, and would a person see one? They may say yes too
//! often, never no where an object is listed.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::escapes::has_escaped_key;
use super::others::{UNKNOWN_CARRIERS, WITHOUT_PODS};
use super::{KINDS, Kind, OwnKind, Shape};

/// Every pod spec has it.
static CONTAINERS: LazyLock<Finder> = LazyLock::new(|| Finder::new("containers"));

static KIND: LazyLock<Finder> = LazyLock::new(|| Finder::new("kind"));

/// Whether a document can hold a workload, or an object that runs containers in a shape of its own.
pub fn may_hold_workload(document: &str) -> bool {
    may_hold_workload_of(document, &[])
}

/// The same with the kinds of a config. A document whose only top-level `kind:` is a plain word that is neither listed
/// nor a list of objects can only be a custom resource of which nobody told, and a list cannot that names no such kind.
pub fn may_hold_workload_of(document: &str, own: &[OwnKind]) -> bool {
    let bytes = document.as_bytes();
    let is_named = |kind: &str| is_listed(kind) || own.iter().any(|own| own.kind == kind);
    // The items of a `PodList` need not say what they are.
    let holds_pods = |kind: &str| is_named(kind) || kind.strip_suffix("List").is_some_and(is_named);
    if has_escaped_key(bytes) {
        return true;
    }
    let mut kinds = top_level_kinds(document).take_while(|_| !merges_at_the_top(bytes));
    match (kinds.next(), kinds.next()) {
        (Some(Some(kind)), None) if is_carrier(kind) => true,
        (Some(Some(kind)), None) if holds_pods(kind) => has_containers(bytes),
        (Some(Some(kind)), None) if !kind.ends_with("List") => {
            !WITHOUT_PODS.contains(&kind) && has_containers(bytes) && shows_api(bytes)
        }
        (None, _) if is_written_without_kind(document) => false,
        _ => {
            let has_containers = has_containers(bytes);
            let may_carry = |kind: Option<&str>| {
                kind.map_or(has_containers, |kind| {
                    is_carrier(kind) || has_containers && holds_pods(kind)
                })
            };
            named_kinds(bytes).any(may_carry)
        }
    }
}

/// Whether a file is worth reading at all.
pub fn shows_pods(bytes: &[u8]) -> bool {
    shows_containers(bytes) || named_kinds(bytes).flatten().any(is_carrier)
}

/// Whether bytes look like a workload to a person: decides between `failed` and `skipped` for what cannot be read.
pub fn shows_workload(bytes: &[u8]) -> bool {
    shows_containers(bytes) && named_kinds(bytes).flatten().any(is_listed)
}

/// Whether bytes name a kind as the kind of some object, in whatever style; comments and texts count too.
pub fn names_kind(bytes: &[u8], kind: &str) -> bool {
    named_kinds(bytes).any(|named| named == Some(kind))
}

/// Whether containers are listed in it, or may be behind an escaped key.
fn shows_containers(bytes: &[u8]) -> bool {
    has_containers(bytes) || has_escaped_key(bytes)
}

fn has_containers(bytes: &[u8]) -> bool {
    CONTAINERS.find(bytes).is_some()
}

/// Whether somebody speaks to the API server at all; a dashboard, say, has a kind too.
fn shows_api(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"apiVersion").is_some()
}

fn is_listed(kind: &str) -> bool {
    KINDS.iter().any(|k| k.kind == kind)
}

/// Whether objects of a kind run pods though they need not say `containers`: in a shape of their own, or since an operator
/// fills in the spec.
fn is_carrier(kind: &str) -> bool {
    let is_filled_in = |k: &Kind| k.kind == kind && k.shape == Shape::Spec;
    UNKNOWN_CARRIERS.iter().any(|(_, kinds)| kinds.contains(&kind)) || KINDS.iter().any(is_filled_in)
}

/// The values of keys called `kind`, in whatever style; comments and texts count too. `None` where the value is no plain
/// or quoted word (an alias, a tag, a block of text, an escape), so that only a parser can say what it is.
fn named_kinds(bytes: &[u8]) -> impl Iterator<Item = Option<&str>> {
    KIND.find_iter(bytes).filter_map(|at| {
        let behind_key = bytes.get(at + 4..)?;
        let behind_key = behind_key
            .strip_prefix(b"\"")
            .or(behind_key.strip_prefix(b"'"))
            .unwrap_or(behind_key);
        let value = behind_key.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let word = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
        let length = word.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let is_whole = !matches!(word.get(length), Some(b'\\')) && length > 0;
        Some(std::str::from_utf8(word.get(..length)?).ok().filter(|_| is_whole))
    })
}

/// Whether a document is a mapping of plain words in column 0 none of which makes it an object, as the values of a chart
/// are. Any other beginning of a line (a quote, a bracket, `? `, a tag, an anchor, `<<`) may be a key that only a parser
/// can read; and below an `apiVersion` a `kind` in the wrong column is a slip that somebody should hear of.
fn is_written_without_kind(document: &str) -> bool {
    let is_blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let is_key = |line: &str| {
        line.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && !line.starts_with("kind")
            && !line.starts_with("apiVersion")
    };
    let mut lines = document.lines().skip_while(is_blank);
    lines.next().is_some_and(|first| is_key(first) && first.contains(':'))
        && lines.all(|line| line.starts_with([' ', '-']) || is_key(line) || is_blank(&line))
}

/// Whether a merge key in column 0 may bring another kind than is written there.
fn merges_at_the_top(document: &[u8]) -> bool {
    ["\n<<", "\n!"]
        .iter()
        .any(|key| memmem::find(document, key.as_bytes()).is_some())
}

/// What a key in column 0 may begin with besides its word: a quote, a question mark, an anchor, a tag.
const ODD_KEYS: [char; 5] = ['"', '\'', '?', '&', '!'];

/// The values of `kind:` keys in column 0; `None` where key or value is not a plain word.
fn top_level_kinds(document: &str) -> impl Iterator<Item = Option<&str>> {
    let mut seen = 0;
    KIND.find_iter(document.as_bytes()).filter_map(move |at| {
        // The head of its line; nothing where another `kind` stands before it.
        let (from, before) = (seen, document.get(seen..at)?);
        seen = at + 4;
        let head = match memchr::memrchr(b'\n', before.as_bytes()) {
            Some(line_end) => before.get(line_end + 1..)?,
            None if from == 0 => before,
            None => return None,
        };
        if head.starts_with(ODD_KEYS) {
            return Some(None);
        }
        if !head.is_empty() {
            return None;
        }
        let line = document.get(at + 4..)?.lines().next()?;
        let value = line.trim_start().strip_prefix(':')?;
        let value = value.split(" #").next().unwrap_or(value).trim();
        Some(Some(value).filter(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_drops_only_what_cannot_hold_a_workload() {
        let table = [
            ("kind: Deployment\ncontainers:", true),
            ("kind: Deployment\n", false),
            ("kind: ConfigMap\ncontainers", false),
            ("kind: ConfigMap # x\r\ncontainers", false),
            ("kind: ConfigMap\nkind: Pod\ncontainers", true),
            ("kind: ConfigMap\n\"kind\": Pod\ncontainers", true),
            ("kind: ConfigMap\n'kind': Pod\ncontainers", true),
            ("kind: ConfigMap\n? kind\n: Pod\ncontainers", true),
            ("kind: ConfigMap\n!!str kind: Pod\ncontainers", true),
            ("kind: ConfigMap\n&kind kind: Pod\ncontainers", true),
            ("kind: ConfigMap\n\"\\x6bind\": Pod\ncontainers", true),
            ("\"\\u006bind\": Pod\ncontainers", true),
            ("kind: Pod\n\"cont\\x61iners\": []", true),
            ("{\"\\u006bind\": \"Pod\", \"\\u0063ontainers\": []}", true),
            ("kind: ConfigMap\ndata: {a: \"\\x1b\", b: containers}", false),
            ("kind: \"ConfigMap\"\ncontainers", false),
            ("{\"kind\":\"Pod\",\"containers\"", true),
            ("{\"kind\":\n \"Pod\",\"containers\"", true),
            ("{ 'kind' : Pod, containers", true),
            ("{\"kind\":\"Dashboard\",\"containers\"", false),
            ("{\"kind\":\"P\\u006fd\",\"containers\"", true),
            ("{kind: &k Pod, containers", true),
            ("{kind: !!str Pod, containers", true),
            ("? kind\n: Pod\n? spec\n: containers", true),
            ("apiVersion: v1\nkind: PodList\nitems:\n- kind: Pod\n  containers", true),
            (
                "apiVersion: v1\nkind: ConfigMapList\nitems:\n- kind: ConfigMap\n  containers",
                false,
            ),
            ("kind:\n  Pod\ncontainers", true),
            ("kinds: x\ncontainers", false),
            ("kind: ConfigMap\nx: &x {kind: Pod}\n<<: *x\ncontainers", true),
            ("kind: ConfigMap\nx: &x {kind: Pod}\n!!merge <<: *x\ncontainers", true),
            (" kind: Pod\n containers", true),
            ("kind: RayCluster\ncontainers", true),
            ("kind: Own\ncontainers", false),
            ("apiVersion: acme.dev/v1\nkind: Own\ncontainers", true),
            ("apiVersion: v1\nkind: ConfigMap\ncontainers", false),
            ("apiVersion: apps/v1\nkind: DeploymentList\nitems: [{containers", true),
            // Carriers in another shape need no `containers`.
            ("kind: HelmRelease\nspec:\n  chart: x\n", true),
            ("{\"kind\": \"HelmRelease\"}", true),
            ("kind: InferenceService\nspec: {predictor: {model: {}}}\n", true),
            ("kind: List\nitems:\n- kind: Workflow\n", true),
            ("kind: List\nitems:\n- kind: ConfigMap\n", false),
            ("a: 1\n", false),
        ];
        for (text, wanted) in table {
            assert_eq!(may_hold_workload(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn the_values_of_a_chart_are_no_objects() {
        let table = [
            (
                "# c\n\na:\n  kind: Deployment\n  containers: 1\nb:\n- kind: Pod\n",
                false,
            ),
            ("a:\n  kind: Deployment\n  containers: 1\n? kind\n: Pod\n", true),
            ("a:\n  kind: Deployment\n  containers: 1\n\"kind\": Pod\n", true),
            ("a:\n  kind: Deployment\n  containers: 1\n<<: *x\n", true),
            ("a:\n  kind: Deployment\n  containers: 1\n{{ if b }}\n", true),
            ("apiVersion: v1\n  kind: Pod\n  containers: 1\n", true),
            ("  a: 1\n  kind: Pod\n  containers: 1\n", true),
            ("- kind: Pod\n  containers: 1\n", true),
            ("a:\n  containers: 1\n\tkind: Pod\n", true),
        ];
        for (text, wanted) in table {
            assert_eq!(may_hold_workload(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn kinds_of_a_config_pass_the_filter() {
        let own = [OwnKind {
            group: "acme.dev".into(),
            kind: "Own".into(),
            pods: vec!["spec.pod".into()],
        }];
        assert!(may_hold_workload_of("kind: Own\ncontainers", &own));
        assert!(!may_hold_workload_of("kind: Other\ncontainers", &own));
    }

    #[test]
    fn a_file_without_any_sign_is_not_read() {
        assert!(shows_pods(b"{kind: 'Prometheus'}"));
        assert!(!shows_pods(b"kind: ConfigMap\ndata: {kind: x}\n"));
        assert!(!shows_workload(b"kind: Prometheus\ncontainers: []\n"));
        assert!(shows_workload(b"kind: Rollout\ncontainers: []\n"));
        assert!(!shows_pods(b"kind"));
    }
}
