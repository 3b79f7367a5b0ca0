//! Text -> documents -> nodes with byte spans; changes -> edits -> new text. Knows nothing of Kubernetes.
//!
//! `gate` refuses unsafe bytes, `json` knows what only JSON may say, `split` finds the documents, `parse` (with `span`)
//! reads one into an arena (`document`), `node` is the view to read it by, `merge` resolves its merge keys, `mark` knows
//! the comment that marks a value, `scalar` types scalars, `edit` turns changes into edits of bytes.

mod comments;
mod document;
mod edit;
mod gate;
mod json;
mod mark;
mod merge;
mod node;
mod pads;
mod parse;
mod scalar;
mod span;
mod split;
mod value;

pub use document::{Document, NodeId};
pub use edit::{Edit, EditRules, Placement, Refusal, RefusalKind, edit, on_one_line, splice};
pub use gate::{GateError, gate};
pub use mark::without_marker;
pub use merge::{Merged, Precedence};
pub use node::NodeRef;
pub use parse::{ParseError, ParseErrorKind, parse};
pub use split::{Chunk, is_empty, split};
pub use value::{Change, FieldPath, Meaning, Step, Value};
