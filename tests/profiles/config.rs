//! `images:` entries over the built-in profiles, and `mirrors:`.

use harden::profiles::{Library, Origin, ReadOnlyRoot};

use crate::{find, origins};

#[test]
fn an_unknown_registry_assumes_and_a_configured_mirror_knows() {
    let image = "harbor.corp/hub/postgres:15-alpine";
    let assumed = find(&Library::builtin(), image).unwrap();
    assert!(!assumed.exact);
    assert_eq!(origins(&assumed.facts), [Origin::Assumed; 3]);
    assert!(assumed.facts.writable.iter().all(|w| w.origin == Origin::Assumed));

    let library = Library::with_config(Vec::new(), vec!["harbor.corp/hub".to_string()]).unwrap();
    let known = find(&library, image).unwrap();
    assert!(known.exact);
    assert_eq!(origins(&known.facts), [Origin::Profile; 3]);
    assert!(!find(&library, "harbor.corp/other/postgres:15").unwrap().exact);
    assert_eq!(
        find(&library, "harbor.corp/hub/bitnami/postgresql").unwrap().profile,
        "bitnami-postgresql"
    );
}

#[test]
fn a_placeholder_for_the_tag_leaves_the_name() {
    let written = |text: &str| Library::builtin().find_written(text);
    let known = written("postgres:${TAG}").unwrap();
    assert!(!known.exact);
    assert_eq!(origins(&known.facts), [Origin::Assumed; 3]);
    let sentence = known.undecided.unwrap();
    assert!(
        sentence.starts_with("a placeholder for the tag does not say"),
        "{sentence}"
    );
    for nothing in [
        "${IMAGE}",
        "$REGISTRY/postgres:16",
        "postgres${X}:16",
        "host:${PORT}/postgres",
        "postgres:",
    ] {
        assert_eq!(written(nothing), None, "{nothing}");
    }
    // Variants of Windows have other facts, which nobody states here.
    assert_eq!(written("mongo:7-windowsservercore"), None);
}

/// One architecture's build of an official image is that image; any other name there is an image of its own.
#[test]
fn an_entry_about_an_organisation_for_one_architecture_speaks_of_no_other_image() {
    let library = library("[{repositories: [arm64v8/foo], user: 5}, {repositories: [arm64v8/redis], user: 6}]");
    let user = |image: &str| Some(find(&library, image)?.facts.user?.value);
    assert_eq!(user("arm64v8/foo:1"), Some(5));
    assert_eq!(user("foo:1"), None);
    assert_eq!(user("s390x/foo:1"), None);
    assert_eq!(user("redis:7"), Some(6));
    assert_eq!(user("s390x/redis:7"), Some(6));
}

#[test]
fn an_images_entry_overrides_field_by_field() {
    let library = library(
        "
         - repositories: [postgres]
           user: 5432
           read-only-root: recommended
           writable: [/backup, {path: /tmp, when: never}]",
    );
    let m = find(&library, "postgres:16-alpine").unwrap();
    let f = &m.facts;
    assert!(m.config);
    assert_eq!(
        (m.profile.as_str(), m.variant.as_deref()),
        ("postgres", Some("alpine up to 17"))
    );
    assert_eq!(
        (f.user.as_ref().unwrap().value, f.user.as_ref().unwrap().origin),
        (5432, Origin::Config)
    );
    assert_eq!(
        (f.group.as_ref().unwrap().value, f.group.as_ref().unwrap().origin),
        (70, Origin::Profile)
    );
    let root = f.read_only_root.as_ref().unwrap();
    assert_eq!((root.value, root.origin), (ReadOnlyRoot::Recommended, Origin::Config));
    assert_eq!(
        f.read_only_root_reason, None,
        "the profile's reason was for another decision"
    );
    let paths: Vec<(&str, Origin)> = f.writable.iter().map(|w| (w.value.path.as_str(), w.origin)).collect();
    assert_eq!(
        paths,
        [
            ("/var/run/postgresql", Origin::Profile),
            ("/backup", Origin::Config),
            ("/var/lib/postgresql/data", Origin::Profile),
        ]
    );
    assert!(!find(&library, "mysql").unwrap().config);
}

#[test]
fn entries_match_globs_tags_names_and_add_up_in_order() {
    let library = library(
        "
         - repositories: [ghcr.io/acme/*]
           user: 1000
           group: 1000
         - repositories: [ghcr.io/acme/web]
           group: 3000
           variants:
           - {tags: ['*-debug'], user: 2000}
         - {repositories: [acme/job], versions: '>=2', user: 7}
         - {name: nginx, user: 8}",
    );
    let ids = |image: &str| {
        let m = find(&library, image)?;
        Some((m.facts.user?.value, m.facts.group.map(|g| g.value)))
    };
    assert_eq!(ids("ghcr.io/acme/api:1"), Some((1000, Some(1000))));
    assert_eq!(ids("ghcr.io/acme/web:1"), Some((1000, Some(3000))));
    assert_eq!(ids("ghcr.io/acme/web:1-debug"), Some((2000, Some(3000))));
    assert_eq!(ids("ghcr.io/other/web:1"), None);
    assert_eq!(ids("acme/job:2.1"), Some((7, None)));
    assert_eq!(ids("acme/job:1.9"), None);
    assert_eq!(ids("acme/job"), None);
    assert_eq!(ids("public.ecr.aws/docker/library/nginx:1.27"), Some((8, Some(101))));
    assert_eq!(find(&library, "ghcr.io/acme/api").unwrap().profile, "ghcr.io/acme/*");
}

#[test]
fn config_speaks_for_copies_only_where_it_names_them() {
    let entry = "- {repositories: [harbor.corp/hub/postgres], user: 26}\n- {repositories: [redis], user: 1}";
    let library = library(entry);
    let named = find(&library, "harbor.corp/hub/postgres:16").unwrap();
    assert_eq!(
        origins(&named.facts),
        [Origin::Config, Origin::Assumed, Origin::Assumed]
    );
    let copy = find(&library, "harbor.corp/hub/redis:7").unwrap();
    assert_eq!(
        (copy.facts.user.as_ref().unwrap().value, copy.facts.user.unwrap().origin),
        (1, Origin::Assumed)
    );
}

#[test]
fn a_stated_user_takes_root_only_back() {
    let library = Library::builtin();
    assert!(find(&library, "gitea/gitea:1.22").unwrap().facts.root_only.is_some());
    assert_eq!(
        find(&library, "gitea/gitea:1.22-rootless").unwrap().facts.root_only,
        None
    );
}

fn library(images: &str) -> Library {
    Library::with_config(serde_yaml::from_str(images).unwrap(), Vec::new()).unwrap()
}
