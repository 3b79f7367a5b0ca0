//! The files themselves: sound, with evidence, none hiding another; and how mistakes in one are named.

use harden::profiles::{Library, Profile, ProfileError, builtin_profiles, problems, problems_of_file};

use crate::find;

#[test]
fn every_profile_reads_and_is_sound() {
    let mut bad = Vec::new();
    for (file, text, loaded) in builtin_profiles() {
        match Profile::parse(text) {
            Err(error) => bad.push(format!("{file}.yaml: {error}")),
            Ok(profile) => {
                bad.extend(
                    problems_of_file(&profile)
                        .into_iter()
                        .map(|p| format!("{file}.yaml: {p}")),
                );
                assert_eq!(profile.name.as_deref(), Some(file), "a profile is named like its file");
                assert!(loaded.is_some(), "{file}.yaml is not loadable");
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(builtin_profiles().count() >= 118, "profiles are missing");
}

/// Two files with one repository do not build (`build.rs`); globs must not overlap either, and a repository under a
/// glob is the narrower profile's.
#[test]
fn no_two_profiles_claim_one_image() {
    let library = Library::builtin();
    let mut globs: Vec<&str> = Vec::new();
    for (name, _, profile) in builtin_profiles() {
        for repository in &profile.unwrap().repositories {
            match repository.strip_suffix('*') {
                Some(prefix) => globs.push(prefix),
                None => assert_eq!(find(&library, repository).unwrap().profile, name, "{repository}"),
            }
        }
    }
    for (i, one) in globs.iter().enumerate() {
        for other in globs.iter().skip(i + 1) {
            assert!(
                !one.starts_with(other) && !other.starts_with(one),
                "{one}* and {other}*"
            );
        }
    }
}

/// A variant that an earlier one hides would be dead text: each must be the first match of some tag.
#[test]
fn every_variant_can_be_reached() {
    let library = Library::builtin();
    let tags = [
        "1",
        "1.0",
        "1.8",
        "2.2",
        "2.15.0-jupyter",
        "2.3-alpine",
        "3-core",
        "3.2",
        "5.3.4",
        "5.7",
        "7-alpine",
        "8-alpine",
        "9.6",
        "0.2.3",
        "0.5.0",
        "1.10.1",
        "16",
        "15-alpine",
        "18",
        "18-alpine",
        "alpine",
        "nonroot",
        "11-ubi",
        "8-fpm",
        "8-fpm-alpine",
        "8-apache",
        "cli",
        "v3-distroless",
        "1.22-rootless",
        "v1-unprivileged",
        "distroless-v1.30",
        "e2e",
        "0.9.0",
        "0.26.1",
        "0.30.0",
        "8.1-community",
        "1.11",
    ];
    for (name, _, profile) in builtin_profiles() {
        let profile = profile.unwrap();
        let repository = profile.repositories.first().unwrap().replace('*', "x");
        let reached: Vec<Option<String>> = tags
            .iter()
            .map(|tag| find(&library, &format!("{repository}:{tag}")).unwrap().variant)
            .collect();
        for variant in &profile.variants {
            assert!(
                variant.name.is_some() && reached.contains(&variant.name),
                "{name}: {:?}",
                variant.name
            );
        }
    }
}

#[test]
fn an_unknown_key_is_named_with_line_and_neighbour() {
    let cases = [
        ("name: x\nusr: 1\n", "line 2: unknown key `usr`; did you mean `user`?"),
        (
            "name: x\nwritable:\n- path: /tmp\n  wen: always\n",
            "unknown key `wen`; did you mean `when`?",
        ),
        (
            "name: x\nread-only-root: recommend\n",
            "unknown value `recommend`; did you mean `recommended`?",
        ),
        (
            "name: x\nuser: nginx\n",
            "line 2: user: invalid type: string \"nginx\", expected u32",
        ),
        ("name: x\nversions: 18\n", "`18` in `versions` is no range"),
        ("name: x\nname: y\n", "duplicate"),
    ];
    for (text, expected) in cases {
        let message = Profile::parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(message.starts_with("line "), "{message}");
    }
}

#[test]
fn what_a_container_may_have_of_its_own_is_no_mistake() {
    let text = "name: x\nwritable: [/dev/shm, /dev/shm/x, /etc/app, /usr/src/app, /run/secrets, /procs]\nenv: [{name: a.B-c_1, value: c}]\n\
                owner-only: {path: /, why: a}\ndata: {path: /a, env: A, subdirectory: b/c}";
    assert_eq!(problems(&Profile::parse(text).unwrap()), []);
}

fn assert_named(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = problems(&Profile::parse(text).unwrap());
        assert!(
            found.iter().any(|p| p.to_string().contains(expected)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn places_that_nothing_can_be_are_named() {
    let cases = [
        (
            "name: x\nowner-only: {path: data, why: a}",
            "owner-only.path: `data` is not an absolute, clean path",
        ),
        (
            "name: x\nowner-only: {path: /a/, why: a}",
            "owner-only.path: `/a/` is not",
        ),
        (
            "name: x\nvariants: [{tags: [a], owner-only: {path: '', why: a}}]",
            "variants[0].owner-only.path: `` is not",
        ),
        (
            "name: x\ndata: {path: a, env: A, subdirectory: b}",
            "data.path: `a` is not an absolute, clean path",
        ),
        (
            "name: x\ndata: {path: /a, env: A, subdirectory: ../b}",
            "data.subdirectory: `../b` is no path below another",
        ),
        (
            "name: x\ndata: {path: /a, env: A, subdirectory: /b}",
            "data.subdirectory: `/b` is no path below another",
        ),
    ];
    assert_named(&cases);
}

#[test]
fn contradictions_are_named() {
    let cases = [
        ("user: 1", "say `repositories`"),
        ("name: x\nuser: 0", "user 0 is root"),
        ("name: x\nuser: 3000000000", "3000000000 is no id"),
        ("name: x\nuser: 1\ngroup: 2147483648", "2147483648 is no id"),
        ("name: x\nuser: 1\nfs-group: 4294967295", "4294967295 is no id"),
        ("name: x\nuser: 1\nroot-only: {why: a, instead: b}", "contradict"),
        (
            "name: x\nwritable: [/a/../b]",
            "`/a/../b` is not an absolute, clean path",
        ),
        ("name: x\nwritable: [/a, /a]", "writable twice"),
        ("name: x\nwritable: [/proc/sys]", "`/proc/sys` is the kernel's"),
        ("name: x\nwritable: [/sys]", "`/sys` is the kernel's"),
        ("name: x\nwritable: [/dev]", "`/dev` is the kernel's"),
        ("name: x\nvolumes: [/dev/pts]", "`/dev/pts` is the kernel's"),
        ("name: x\nwritable: [/usr]", "full of programs"),
        ("name: x\nwritable: [/etc]", "full of programs"),
        ("name: x\nwritable: [/lib64]", "full of programs"),
        (
            "name: x\nwritable: [/run/secrets/kubernetes.io/serviceaccount]",
            "an empty directory there hides",
        ),
        ("name: x\nenv: [{name: A=B, value: c}]", "env[0].name: `A=B` is no name"),
        ("name: x\nenv: [{name: '', value: c}]", "env[0].name: `` is no name"),
        (
            "name: x\ndata: {path: /a, env: 'A B', subdirectory: b}",
            "data.env: `A B` is no name",
        ),
        ("name: x\nvolumes: [data]", "volumes[0]: `data` is not"),
        ("name: x\ncapabilities: [SYS_ADMIN]", "NET_BIND_SERVICE only"),
        ("name: x\nports: [{port: 8080}]", "not below 1024"),
        ("name: x\nmoves: [{env: X}]", "say `what` lies there"),
        ("name: x\nmoves: [{what: a}]", "either `env` or `flags`"),
        (
            "name: x\nmoves: [{what: a, env: X, flags: [-x], of: [x]}]",
            "either `env` or `flags`",
        ),
        ("name: x\nmoves: [{what: a, flags: [-x]}]", "say `of` which programs"),
        (
            "name: x\nmoves: [{what: a, flags: [-x=], of: [x]}]",
            "`-x=` is no option",
        ),
        ("name: x\nmoves: [{what: a, env: 1X}]", "`1X` is no name of a variable"),
        ("name: x\nvariants: [{user: 1}]", "variants[0]: a variant needs"),
        ("name: x\nvariants: [{tags: [a], variants: [{tags: [b]}]}]", "neither"),
        ("name: x\ntags: ['[']", "glob"),
    ];
    assert_named(&cases);
    let error: ProfileError = Library::with_config(vec![Profile::parse("user: 1").unwrap()], Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("images[0]: "), "{error}");
}
