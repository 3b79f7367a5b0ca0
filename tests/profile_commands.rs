//! `harden profile`: the list, the effective facts with their sources, the check of files; and `profile-dirs`. Runs the
//! real program.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use harden::profiles::builtin_profiles;
use tempfile::TempDir;

fn harden(cwd: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command.args(arguments).current_dir(cwd).output().unwrap()
}

fn answer(cwd: &Path, arguments: &[&str]) -> String {
    let got = harden(cwd, arguments);
    assert_eq!(String::from_utf8(got.stderr).unwrap(), "", "{arguments:?}");
    assert_eq!(got.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(got.stdout).unwrap()
}

fn complaint(cwd: &Path, arguments: &[&str]) -> String {
    let got = harden(cwd, arguments);
    assert_eq!(got.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(got.stderr).unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const SHARED: &str = "\
name: acme-web
repositories: [ghcr.io/acme/web]
user: 5000
group: 5000
read-only-root: recommended
evidence: {class: tested, sources: [our staging cluster]}
variants:
- {name: debug, tags: ['*-debug'], user: 5001}
";

#[test]
fn the_list_has_a_line_for_every_profile() {
    let here = folder(&[]);
    let list = answer(here.path(), &["profile", "list"]);
    assert_eq!(list.lines().count(), builtin_profiles().count() + 1);
    let row = |name: &str| {
        let line = list.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        flat(line)
    };
    assert_eq!(row("NAME"), "NAME IMAGE VARIANTS UID READ-ONLY ROOT EVIDENCE");
    assert!(
        row("postgres").starts_with("postgres postgres 4 999, 70 possible dockerfile"),
        "{}",
        row("postgres")
    );
    assert!(row("busybox").contains(" any "), "{}", row("busybox"));
}

#[test]
fn show_names_the_source_of_every_fact() {
    let here = folder(&[(
        "harden.yaml",
        "level: restricted\nimages:\n- name: redis\n  fs-group: 7000\n- repositories: [postgres]\n  user: 5432\n  writable: [/backup]\n",
    )]);
    let text = flat(&answer(here.path(), &["profile", "show", "postgres:16-alpine"]));
    for part in [
        "user 5432 [harden.yaml:5]",
        "group 70 [profile postgres, variant `alpine up to 17`; dockerfile]",
        "image-user root [profile postgres; dockerfile]",
        "/backup [harden.yaml:5]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = flat(&answer(
        here.path(),
        &["profile", "show", "--no-config", "postgres:16-alpine"],
    ));
    assert!(text.contains("user 70 [profile postgres, variant"), "{text}");
    insta::assert_snapshot!(answer(here.path(), &["profile", "show", "redis:7"]));
}

#[test]
fn show_takes_the_names_of_profiles_and_tells_what_it_does_not_know() {
    let here = folder(&[]);
    assert!(answer(here.path(), &["profile", "show", "kafka"]).starts_with("docker.io/apache/kafka\nprofile kafka\n"));
    assert!(answer(here.path(), &["profile", "show", "bitnami"]).contains("profile bitnami\n"));
    assert!(complaint(here.path(), &["profile", "show", "ghcr.io/acme/web:1"]).contains("nothing is known of it"));
    assert!(complaint(here.path(), &["profile", "show", "rabitmq"]).contains("did you mean `rabbitmq`?"));
    for (word, told) in [
        (
            "postgres@sha256",
            "a digest is `@sha256:` and its digits; `postgres` will do",
        ),
        ("acme/web:1@sha256:", "`acme/web:1` will do"),
        (
            "https://docker.io/postgres",
            "write it without the scheme: `docker.io/postgres`",
        ),
        ("Postgres", "did you mean `postgres`?"),
        ("postgres:", "did you mean `postgres`?"),
        ("", "error: an empty word: neither a profile nor an image"),
        ("a b", "`harden profile list` say which there are"),
        ("nosuch", "`harden explain nosuch` shows how to state it"),
    ] {
        let complaint = complaint(here.path(), &["profile", "show", word]);
        assert!(complaint.contains(told), "{word}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{word}: {complaint}");
    }
}

#[test]
fn check_names_every_mistake_by_its_line() {
    let broken = "name: x\nuser: 0\nwritable:\n- path: /a\n- {path: /a/../b, why: x}\nports: [{port: 8080}]\n\
                  variants:\n- user: 1\n  evidence: {class: docs}\n";
    let here = folder(&[
        ("good.yaml", SHARED),
        ("bad.yaml", broken),
        ("key.yaml", "name: x\nusr: 1\n"),
        ("twice.yaml", "name: x\nuser: 1\nuser: 2\n"),
        ("text.yaml", "a: [\n"),
    ]);
    let all = [
        "profile",
        "check",
        "good.yaml",
        "bad.yaml",
        "key.yaml",
        "twice.yaml",
        "text.yaml",
        "none.yaml",
        ".",
    ];
    let got = harden(here.path(), &all);
    assert_eq!(got.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(got.stdout).unwrap(),
        "good.yaml: valid, ghcr.io/acme/web, 1 variant\n"
    );
    insta::assert_snapshot!(String::from_utf8(got.stderr).unwrap());
}

#[test]
fn shared_profiles_stand_between_the_built_in_ones_and_images() {
    let postgres = "name: our-postgres\nrepositories: [docker.io/library/postgres]\nuser: 4000\ngroup: 4000\n\
                    evidence: {class: docs, sources: [wiki]}\n";
    let here = folder(&[
        (
            "harden.yaml",
            "profile-dirs: [lib]\nimages:\n- {repositories: [postgres], group: 4001}\n",
        ),
        ("lib/web.yaml", SHARED),
        ("lib/postgres.yml", postgres),
        ("lib/README.md", "not a profile"),
        ("lib/.hidden.yaml", "not: a profile"),
        (
            "a.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: 'ghcr.io/acme/web:1-debug'}]}\n",
        ),
    ]);
    let text = flat(&answer(here.path(), &["profile", "show", "ghcr.io/acme/web:1-debug"]));
    assert!(text.contains("user 5001 [lib/web.yaml, a variant; tested]"), "{text}");
    let text = flat(&answer(here.path(), &["profile", "show", "postgres:16"]));
    assert!(text.contains("user 4000 [lib/postgres.yml; docs]"), "{text}");
    assert!(text.contains("group 4001 [harden.yaml:3]"), "{text}");
    assert!(
        text.contains("any-user works under every uid [profile postgres; tested]"),
        "{text}"
    );
    let list = answer(here.path(), &["profile", "list"]);
    assert!(list.contains("lib/web.yaml"), "{list}");
    let diff = String::from_utf8(harden(here.path(), &["a.yaml"]).stdout).unwrap();
    assert!(diff.contains("runAsUser: 5001") && !diff.contains("assumed"), "{diff}");
}

#[test]
fn a_shared_folder_is_not_trusted() {
    let guess = "name: g\nrepositories: [ghcr.io/acme/guess]\nuser: 5\nevidence: {class: guess}\n";
    let here = folder(&[("harden.yaml", "profile-dirs: [lib]\n"), ("lib/guess.yaml", guess)]);
    let text = flat(&answer(here.path(), &["profile", "show", "ghcr.io/acme/guess"]));
    assert!(text.contains("user 5 [lib/guess.yaml; guess; assumed]"), "{text}");

    let short = guess.replace("ghcr.io/acme/guess", "redis");
    let respelled = guess.replace("ghcr.io/acme/guess", "docker.io/library/redis");
    let cases: [(&str, &str, &str); 5] = [
        (
            "lib/a.yaml",
            "name: x\nusr: 1\n",
            "lib/a.yaml:2:1: unknown key `usr`; did you mean `user`?",
        ),
        ("lib/a.yaml", "name: x\nuser: 1\n", "lib/a.yaml:1:1: no evidence"),
        (
            "lib/b.yaml",
            guess,
            "lib/guess.yaml: `ghcr.io/acme/guess` is also in lib/b.yaml",
        ),
        (
            "lib/b.yaml",
            &respelled,
            "lib/short.yaml: `redis` is also in lib/b.yaml",
        ),
        (
            "lib/a.yaml",
            &"#".repeat(300 * 1024),
            "lib/a.yaml: is larger than 256 KiB",
        ),
    ];
    for (name, text, wanted) in cases {
        let here = folder(&[
            ("harden.yaml", "profile-dirs: [lib]\n"),
            ("lib/guess.yaml", guess),
            ("lib/short.yaml", short.as_str()),
            (name, text),
        ]);
        let told = complaint(here.path(), &["profile", "list"]);
        assert!(told.contains(wanted), "{wanted}: {told}");
        assert!(
            complaint(here.path(), &["."]).contains(wanted),
            "a run stops before anything is written"
        );
    }
}

/// Whatever the files are called.
#[test]
fn an_exact_name_wins_over_a_glob_of_a_shared_folder() {
    let profile = |repository: &str, uid: u32| {
        format!("name: x\nrepositories: [{repository}]\nuser: {uid}\nevidence: {{class: docs, sources: [wiki]}}\n")
    };
    for (first, last) in [("aaa", "zzz"), ("zzz", "aaa")] {
        let here = folder(&[
            ("harden.yaml", "profile-dirs: [lib]\n"),
            (&format!("lib/{first}.yaml"), &profile("acme/web", 7)),
            (&format!("lib/{last}.yaml"), &profile("docker.io/acme/*", 8)),
        ]);
        let user = |image: &str| flat(&answer(here.path(), &["profile", "show", image]));
        assert!(user("acme/web").contains("user 7 ["), "{}", user("acme/web"));
        assert!(user("acme/api").contains("user 8 ["), "{}", user("acme/api"));
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_shared_folder() {
    let here = folder(&[
        ("harden.yaml", "profile-dirs: [lib]\n"),
        ("lib/x.txt", ""),
        ("other.yaml", SHARED),
    ]);
    std::os::unix::fs::symlink(here.path().join("other.yaml"), here.path().join("lib/a.yaml")).unwrap();
    let told = complaint(here.path(), &["profile", "list"]);
    assert!(
        told.contains("lib/a.yaml:1: is a link; put the file itself there"),
        "{told}"
    );
}

/// Under the same config as `show`, so that both know the same of an image.
#[test]
fn an_import_knows_the_bases_that_config_and_its_folders_know() {
    let here = folder(&[
        (
            "harden.yaml",
            "profile-dirs: [lib]\nimages:\n- repositories: [corp/base]\n  user: 4321\n  group: 4321\n",
        ),
        ("lib/web.yaml", SHARED),
        ("other.yaml", "images: [{repositories: [corp/base], user: 99}]\n"),
        ("Dockerfile", "FROM corp/base:1\nLABEL a=b\n"),
        ("deep/Dockerfile", "FROM ghcr.io/acme/web:2-debug\n"),
        ("config.json", r#"{"config":{"User":"7:8"}}"#),
    ]);
    let import = |options: &[&str], from: &str| {
        let words = [&["profile", "import", "--image", "acme/x"][..], options, &[from]].concat();
        answer(here.path(), &words)
    };
    assert!(import(&[], "Dockerfile").contains("user: 4321\ngroup: 4321\n"));
    assert!(import(&[], "deep/Dockerfile").contains("user: 5001\ngroup: 5000\n"));
    assert!(import(&["--config", "other.yaml"], "Dockerfile").contains("user: 99\n"));
    let unknown = import(&["--no-config"], "Dockerfile");
    let told = "nothing is known of its base corp/base:1; state it in `images` of harden.yaml and import again";
    assert!(unknown.contains(told), "{unknown}");

    // What needs no base needs no config either.
    fs::write(here.path().join("harden.yaml"), "nonsense: 1\n").unwrap();
    assert!(import(&[], "config.json").contains("user: 7\n"));
    let words = ["profile", "import", "--image", "acme/x", "Dockerfile"];
    let told = complaint(here.path(), &words);
    assert!(told.contains("harden.yaml") && told.contains("nonsense"), "{told}");
    assert_eq!(complaint(here.path(), &["profile", "show", "postgres"]), told);
}
