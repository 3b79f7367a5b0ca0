//! What the overrides of the config do to the workloads of one text: whether one is of any use, a whole repository says.

use memchr::memmem;

use super::{read, workloads};
use crate::config::Override;
use crate::context::Context;
use crate::kube::workload;
use crate::plan::Effect;

/// What each override does that names a workload of the text, by its index in the config.
pub(crate) fn effects(text: &[u8], context: &Context) -> Vec<(usize, Effect)> {
    let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
    let may_name = |(_, decided): &(usize, &Override)| has(&decided.name) && has(&decided.kind);
    let overrides = context.config.overrides.iter().enumerate();
    let suspects: Vec<usize> = overrides.filter(may_name).map(|(index, _)| index).collect();
    if suspects.is_empty() {
        return Vec::new();
    }
    // What cannot be read, a template for one, may hold the workload; why it is not hardened is said elsewhere.
    let Ok((_, documents)) = read(text, context) else {
        return suspects.into_iter().map(|index| (index, Effect::Some)).collect();
    };
    let mut found = Vec::new();
    for root in documents.iter().filter_map(|(_, document)| document.root()) {
        for workload in &workload::find_with(root, &context.config.kinds).workloads {
            found.extend(workloads::overrides(workload, context));
        }
    }
    found
}
