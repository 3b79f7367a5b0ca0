//! Whether any API server takes the object at all: its kind lives in another group than its `apiVersion` names.

use super::Blocker;
use super::case::Case;
use crate::yaml::{FieldPath, NodeRef};

pub(super) fn fault(case: &Case) -> Option<Blocker> {
    let workload = case.workload;
    let right = workload.right_api_version()?;
    let line = workload.object.get("apiVersion").map_or(workload.line, NodeRef::line);
    Some(Blocker {
        check: "boot",
        code: "api-version",
        field: FieldPath::keys(&["apiVersion"]),
        container: None,
        line,
        message: format!(
            "there is no {} in `{}`, which the API server refuses",
            workload.kind_name, workload.api_version
        ),
        suggestion: format!("write `apiVersion: {right}`").into(),
    })
}
