//! What is known of images: which user they run as, what they write, what a read-only root takes.
//! `schema` is the shape of a profile file and of an `images:` entry, `facts` what one image comes out as,
//! `library` finds and merges. Decides nothing about a workload; that is the planner.

mod condition;
mod error;
mod facts;
mod index;
mod library;
mod mirrors;
mod paths;
mod render;
mod schema;
mod undecided;
mod validate;
mod versions;
mod windows;

pub use condition::{Condition, Setting};
pub use error::{ProfileError, nearest};
pub use facts::{Fact, Facts, Origin, Source};
pub use library::{Built, Library, Match, full_pattern};
pub use paths::{clean, is_within, place, same_place};
pub use schema::{
    ChangePolicy, Class, Data, EnvVar, Evidence, Field, FsGroupWhen, ImageUser, Medium, Move, OwnerOnly, Port, Probe,
    Profile, ReadOnlyRoot, RootOnly, When, WritablePath, json_schema,
};
pub use validate::{Problem, builtin_profiles, problems, problems_of_file};
pub use versions::Versions;
pub use windows::is_of_windows;
