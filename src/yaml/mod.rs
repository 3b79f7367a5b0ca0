//! Text -> documents -> nodes with byte spans; changes -> edits -> new text. Knows nothing of Kubernetes.

mod value;

pub use value::{Change, FieldPath, Step, Value};
