//! The profile library: every profile is sound and has evidence, every image comes out as the facts say,
//! and config lays over it field by field.
#![allow(clippy::unwrap_used)]

use harden::profiles::{Profile, builtin_profiles, problems_of_builtin};

#[test]
fn every_profile_reads_and_is_sound() {
    let mut bad = Vec::new();
    for (file, text, loaded) in builtin_profiles() {
        match Profile::parse(text) {
            Err(error) => bad.push(format!("{file}.yaml: {error}")),
            Ok(profile) => {
                bad.extend(
                    problems_of_builtin(&profile)
                        .into_iter()
                        .map(|p| format!("{file}.yaml: {p}")),
                );
                assert_eq!(profile.name.as_deref(), Some(file), "a profile is named like its file");
                assert!(loaded.is_some(), "{file}.yaml is not loadable");
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
