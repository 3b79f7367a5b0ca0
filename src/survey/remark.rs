//! What a person should know that the survey came across.

use super::Place;

/// Something a person should know about a line that the survey read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub place: Place,
    /// A sentence without the place.
    pub what: String,
}
