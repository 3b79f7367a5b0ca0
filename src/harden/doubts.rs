//! What may bring pods into a namespace that nobody here can judge: texts that cannot be read, templates, what others
//! install, what kustomize builds from elsewhere. Where it names the namespace it counts against the label, else it is
//! only told.

use memchr::memmem;

use super::look::Look;
use super::parsed::Parsed;
use crate::context::Standings;
use crate::kube::installers::{self, GoesTo};
use crate::kube::kinds;
use crate::outcome::{Doubt, Reason, ReasonCode};
use crate::yaml;

/// A text that cannot be read counts against the namespaces whose name it says, or a kustomization says of it.
pub(super) fn unread(look: &Look, reason: &Reason, standings: &mut Standings) {
    if !kinds::shows_pods(look.text) && !installers::shows_installer(look.text) && reason.code == ReasonCode::Template {
        return;
    }
    let survey = look.context.survey;
    let given = survey.namespaces_of(look.context.relative, None);
    // A template says the names of many things; what is broken is not read as closely.
    let is_template = reason.code == ReasonCode::Template;
    let mut is_named = false;
    for name in look.labels.keys() {
        let line = named_line(look.text, name).or_else(|| {
            let may_be_in = given.contains(name.as_str()) || !is_template && says(look.text, name);
            may_be_in.then(|| reason.line.unwrap_or(1))
        });
        if let Some(line) = line {
            is_named = true;
            let line = if is_template { line } else { reason.line.unwrap_or(line) };
            let failing = look.failing(String::new(), line, reason.message.clone());
            look.against(name, &failing, standings);
        }
    }
    if !is_named {
        let doubt = if is_template { Doubt::Template } else { Doubt::Unread };
        standings.doubt(doubt, look.place(reason.line.unwrap_or(1)));
    }
}

/// Objects by which others install what nobody here has read.
pub(super) fn installers(look: &Look, standings: &mut Standings) {
    if !installers::shows_installer(look.text) {
        return;
    }
    let Ok(text) = yaml::gate(look.text) else { return };
    for chunk in yaml::split(text) {
        if !installers::shows_installer(chunk.text.as_bytes()) {
            continue;
        }
        let Ok(document) = Parsed::parse(&chunk) else { continue };
        for found in document.root().into_iter().flat_map(installers::find) {
            let names = match found.goes_to {
                GoesTo::Named(name) => vec![name],
                GoesTo::Own(own) => look.names(own, found.line, true, standings),
                GoesTo::Open => {
                    standings.doubt(Doubt::Installer, look.place(found.line));
                    continue;
                }
            };
            for name in names {
                let why = format!("it installs into {name} what nobody here has read");
                let title = format!("{} {}", found.kind, found.name);
                look.against(name, &look.failing(title, found.line, why), standings);
            }
        }
    }
}

/// What a kustomization builds from that is not in the repository counts against the namespace that it gives, and
/// against that whose manifest it builds too.
pub(super) fn kustomization(look: &Look, standings: &mut Standings) {
    let (survey, relative) = (look.context.survey, look.context.relative);
    let unread = survey.unread_by(relative);
    let Some(first) = unread.first() else { return };
    let given = survey.namespaces_given_by(relative);
    let mut is_counted = false;
    for (name, wanted) in look.labels {
        let mut manifests = wanted.manifests.iter().filter(|(root, _)| root == look.context.root);
        let is_concerned = given.contains(name.as_str())
            || manifests.any(|(_, path)| survey.is_built_by(path, relative))
            || named_line(look.text, name).is_some();
        for remark in unread.iter().filter(|_| is_concerned) {
            is_counted = true;
            let failing = look.failing(String::new(), remark.place.line, remark.what.clone());
            look.against(name, &failing, standings);
        }
    }
    if !is_counted {
        standings.doubt(Doubt::Elsewhere, look.place(first.place.line));
    }
}

/// The first line that speaks of a namespace and says this name behind it.
fn named_line(text: &[u8], name: &str) -> Option<usize> {
    let says_it = |line: &[u8]| {
        let lower = line.to_ascii_lowercase();
        memmem::find(&lower, b"namespace").is_some_and(|at| says(line.get(at..).unwrap_or_default(), name))
    };
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.position(says_it).map(|index| index + 1)
}

/// Whether a text holds a name as a word of its own. Every other byte of a name in UTF-16 is a zero.
fn says(text: &[u8], name: &str) -> bool {
    let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != 0).collect();
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    memmem::find_iter(&plain, name.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|before| plain.get(before));
        !before.is_some_and(is_inside) && !plain.get(at + name.len()).is_some_and(is_inside)
    })
}
