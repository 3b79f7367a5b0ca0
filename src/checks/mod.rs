//! Pod Security: what a workload violates, in the words of the upstream evaluator.

mod level;

pub use level::{Level, PolicyVersion};
