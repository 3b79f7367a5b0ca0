//! Who wants an object left alone, wholly or in part: a target that asks for nothing, or a request that covers what it
//! violates.

use super::ignore::{Ignore, Split};
use crate::checks::{Level, Violation};
use crate::context::Target;
use crate::outcome::{Place, Reason, ReasonCode};

/// A target that asks for nothing exempts all objects that have it.
pub(super) fn by_target(target: &Target) -> Option<(Reason, Option<Place>)> {
    let choice = target
        .chosen_by
        .as_ref()
        .filter(|_| target.level == Level::Privileged)?;
    let by = match choice.code {
        ReasonCode::FlagLevel => "the command line",
        ReasonCode::ConfigLevel => "the config",
        _ => "the labels of its namespace",
    };
    let message = format!("its level is `privileged`, chosen by {by}");
    Some((
        Reason {
            code: choice.code,
            message,
            line: None,
        },
        choice.place.clone(),
    ))
}

/// A request exempts a workload from the checks that it covers: from all, or from some, and the rest is mended.
pub(super) fn by_request(
    requests: &[Ignore],
    violations: &[Violation],
    split: &Split,
) -> Option<(Reason, Option<Place>)> {
    let request = requests.iter().find(|request| request.is_used(violations))?;
    let by = match request.code {
        ReasonCode::IgnoreAnnotation => "an annotation",
        _ => "a comment",
    };
    let message = if split.rest.is_empty() {
        format!("{by} asks to leave it alone")
    } else {
        format!("{by} asks to ignore {}; the rest is hardened", split.ignored.join(", "))
    };
    let reason = Reason {
        code: request.code,
        message,
        line: Some(request.line),
    };
    Some((reason, None))
}
