//! The ports at which Services expect the pods they select.

use super::Place;

/// One port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Where the pod must listen: `targetPort`, or `port` where that is absent.
    pub target: TargetPort,
    /// `TCP` unless the manifest says otherwise.
    pub protocol: String,
    pub service: String,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    Number(u16),
    /// The name of a container's port.
    Name(String),
}
