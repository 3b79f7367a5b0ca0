//! What `harden` knows of Kubernetes objects: where pod specs are, what they may hold, how images are named.

pub mod fields;
pub mod image;
pub mod installers;
pub mod kinds;
pub mod namespace;
pub mod objects;
pub mod pod;
pub mod release;
pub mod schema;
pub mod workload;
