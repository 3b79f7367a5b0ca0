//! The profile library: every profile is sound and has evidence (`sound`), every image comes out as the facts say and
//! mirrors fold (`images`), every measured variant is restated (`facts`), and config lays over it field by field (`config`).
#![allow(clippy::unwrap_used)]

mod config;
mod facts;
mod images;
#[path = "../shared_data/mod.rs"]
mod shared_data;
mod sound;

use harden::kube::image::ImageRef;
use harden::profiles::{Facts, Library, Match, Origin};

fn find(library: &Library, image: &str) -> Option<Match> {
    library.find(&ImageRef::parse(image).unwrap_or_else(|| panic!("{image} is no reference")))
}

/// Of user, group and fsGroup.
fn origins(f: &Facts) -> [Origin; 3] {
    [&f.user, &f.group, &f.fs_group].map(|fact| fact.as_ref().map_or(Origin::Config, |fact| fact.origin))
}
