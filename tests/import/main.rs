//! `harden profile import`: texts made by hand for each rule; whole images, by hand and from skopeo and umoci, are in
//! `archives`, what attacks or surprises in `layers`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod archives;
mod layers;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harden::profiles::{Library, Profile, problems, problems_of_file};

const IMAGE: &str = "acme/web:1.2";

fn import(folder: &Path, from: &str) -> Output {
    let mut harden = Command::new(env!("CARGO_BIN_EXE_harden"));
    harden
        .args(["profile", "import", "--image", IMAGE, from])
        .current_dir(folder);
    harden.output().unwrap()
}

/// The profile's text without the comments, which must be a sound profile; and the comments.
fn imported(output: &Output) -> (String, String) {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let profile = Profile::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(problems(&profile).len(), 0, "{text}");
    let (comments, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    (lines.join("\n") + "\n", comments.join("\n"))
}

/// Imports a text under a name that says nothing.
fn of_text(text: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("source"), text).unwrap();
    imported(&import(folder.path(), "source"))
}

fn error_of(text: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("source"), text).unwrap();
    let output = import(folder.path(), "source");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

const HEAD: &str = "name: web\nrepositories:\n- docker.io/acme/web\n";

/// The statements between the head and the evidence.
fn statements(profile: &str) -> &str {
    let rest = profile.strip_prefix(HEAD).unwrap_or_else(|| panic!("{profile}"));
    rest.split("evidence:").next().unwrap()
}

#[test]
fn an_image_configuration_says_user_ports_and_volumes() {
    let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},
        "config":{"User":"1001:1002","ExposedPorts":{"80/tcp":{},"8080/tcp":{}},"Volumes":{"/data/":{},"oddly":{}}}}"#;
    let (profile, comments) = of_text(config);
    let expected = "user: 1001\ngroup: 1002\nimage-user: numeric\nvolumes:\n- /data\nports:\n- port: 80\n  only-if:\n    command: false\n";
    assert_eq!(statements(&profile), expected);
    assert!(comments.contains("no absolute paths: \"oddly\""), "{comments}");
    assert!(profile.contains("class: dockerfile\n"), "{profile}");
}

#[test]
fn docker_inspect_writes_null_and_a_list() {
    let (profile, comments) =
        of_text(r#"[{"Id":"sha256:0","Config":{"User":"app","Volumes":null,"ExposedPorts":null}}]"#);
    assert_eq!(statements(&profile), "image-user: named\n");
    assert!(
        comments.contains("the uid of app is in the image's /etc/passwd"),
        "{comments}"
    );
    // The group of a number is in the image's /etc/passwd too.
    let (profile, comments) = of_text(r#"[{"Config":{"User":"1001"}}]"#);
    assert_eq!(statements(&profile), "user: 1001\nimage-user: numeric\n");
    assert!(comments.contains("its group is in"), "{comments}");
    let (profile, comments) = of_text(r#"[{"Config":{"User":""}}]"#);
    assert_eq!(statements(&profile), "image-user: root\n");
    assert!(comments.contains("runs as root"), "{comments}");
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let mut harden = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["profile", "import", "--image", IMAGE, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    harden
        .stdin
        .take()
        .unwrap()
        .write_all(br#"{"config":{"User":"7:8"}}"#)
        .unwrap();
    let (profile, _) = imported(&harden.wait_with_output().unwrap());
    assert_eq!(statements(&profile), "user: 7\ngroup: 8\nimage-user: numeric\n");
}

#[test]
fn what_a_container_wrote_is_collapsed_to_folders() {
    let diff = "C /run\nA /run/nginx.pid\nC /var\nC /var/cache\nC /var/cache/nginx\nA /var/cache/nginx/client_temp\n\
                A /var/cache/nginx/proxy_temp\nA /var/cache/nginx/proxy_temp/0/1\nC /etc\nC /etc/app\nC /etc/app/app.conf\n\
                A /new\nC /proc\nA /proc/x\nA /../escape\n";
    let (profile, comments) = of_text(diff);
    let paths: Vec<&str> = profile.lines().filter(|line| line.contains("path: ")).collect();
    assert_eq!(paths, ["- path: /etc/app", "- path: /run", "- path: /var/cache/nginx"]);
    assert!(
        profile.contains("path: /etc/app\n  why: a container wrote here\n  ships-content: true\n"),
        "{profile}"
    );
    assert!(profile.contains("read-only-root: possible\n"), "{profile}");
    // Seen in a container that ran; that nothing else is written was not.
    let evidence =
        "evidence:\n  class: tested\n  sources:\n  - 'docker diff: source'\n  facts:\n    read-only-root: guess\n";
    assert!(profile.ends_with(evidence), "{profile}");
    assert!(comments.contains("/new is written in /"), "{comments}");
}

/// A Dockerfile, and the statements that must come of it.
const DOCKERFILES: &[(&str, &str, &str)] = &[
    (
        "a number",
        "FROM scratch\nUSER 1000:1001\n",
        "user: 1000\ngroup: 1001\nimage-user: numeric\n",
    ),
    (
        "the last stage, not the builder",
        "FROM golang:1.22 AS build\nUSER 5\nVOLUME /no\nFROM scratch\nCOPY --from=build /a /a\nUSER 6:7\nEXPOSE 443/tcp 8443\n",
        "user: 6\ngroup: 7\nimage-user: numeric\nports:\n- port: 443\n  only-if:\n    command: false\n",
    ),
    (
        "a stage that builds on a stage",
        "FROM acme/unknown AS base\nRUN addgroup -g 2001 team && adduser -D -u 2000 -G team app\nVOLUME [\"/srv\", \"/log\"]\nFROM base\nUSER app\n",
        "user: 2000\ngroup: 2001\nimage-user: named\nvolumes:\n- /srv\n- /log\n",
    ),
    (
        "variables with defaults, in FROM and in USER",
        "ARG BASE=scratch\nFROM ${BASE}\nARG UID=3000\nENV GID ${GID:-3001}\nUSER $UID:${GID}\n",
        "user: 3000\ngroup: 3001\nimage-user: numeric\n",
    ),
    (
        "a cluster of options, a quoted value, and a number too high for a system group",
        "FROM acme/unknown\nRUN useradd --system -lmu 4000 --comment \"The App\" app\nUSER app\n",
        "user: 4000\nimage-user: named\n",
    ),
    (
        "nobody",
        "FROM acme/unknown\nUSER nobody\n",
        "user: 65534\ngroup: 65534\nimage-user: named\n",
    ),
    (
        "the user of distroless",
        "FROM cgr.dev/acme/none\nUSER nonroot\n",
        "user: 65532\ngroup: 65532\nimage-user: named\n",
    ),
    (
        "a capability for low ports on the program itself",
        "FROM scratch\nRUN setcap 'cap_net_bind_service=+ep' /usr/bin/web && setcap cap_net_raw=+ep /bin/ping\nUSER 9:9\nENTRYPOINT [\"/usr/bin/web\"]\n",
        "user: 9\ngroup: 9\nimage-user: numeric\ncapabilities:\n- NET_BIND_SERVICE\n",
    ),
    (
        "USER in a here-document",
        "FROM scratch\nCOPY <<EOF /x\nUSER 1\nEOF\nUSER 2:2\n",
        "user: 2\ngroup: 2\nimage-user: numeric\n",
    ),
    ("a variable without a value", "FROM acme/unknown\nUSER $WHO\n", ""),
    (
        "an empty value is none before a colon",
        "FROM acme/unknown\nARG WHO=\nUSER ${WHO:-7}:${WHO:-8}\n",
        "user: 7\ngroup: 8\nimage-user: numeric\n",
    ),
    (
        "what else may stand between braces",
        "FROM acme/unknown\nARG WHO=5\nUSER ${WHO#7-8}\n",
        "",
    ),
    (
        "quotes",
        "FROM acme/unknown\nRUN useradd -u 1000 app\nUSER \"app\":'app'\n",
        "user: 1000\ngroup: 1000\nimage-user: named\n",
    ),
    (
        "a comment that is a group for another program",
        "FROM acme/unknown\nRUN addgroup -g 5 g && adduser -D -g '' -G g -u 6 app\nUSER app\n",
        "user: 6\ngroup: 5\nimage-user: named\n",
    ),
    (
        "a system user without a group of its own",
        "FROM acme/unknown\nRUN addgroup --system --gid 1001 nodejs && adduser --system --uid 1001 nextjs\nUSER nextjs\n",
        "user: 1001\nimage-user: named\n",
    ),
    (
        "a user that the base has, under another number",
        "FROM node:22\nRUN usermod -u 1234 node\nUSER node\nENTRYPOINT []\n",
        "user: 1234\nimage-user: named\nwritable:\n- path: /tmp\n  why: temporary files of applications\n\
         - path: /home/node/.npm\n  why: npm keeps its logs and cache there; npm_config_cache=/tmp does as well\n",
    ),
    (
        "a script in a here-document, and a file in one",
        "FROM acme/unknown\nRUN <<EOF\nuseradd -u 7 app\nEOF\nRUN cat <<EOF >x\nusermod -u 8 app\nEOF\nUSER app\n",
        "user: 7\ngroup: 7\nimage-user: named\n",
    ),
    (
        "a flag of RUN",
        "FROM acme/unknown\nRUN --mount=type=cache,target=/x useradd -u 7 app\nUSER app\n",
        "user: 7\ngroup: 7\nimage-user: named\n",
    ),
    (
        "the users of another stage, which are copied",
        "FROM golang AS b\nRUN adduser -D -u 10001 app\nFROM scratch\nCOPY --from=b /etc/passwd /etc/group /etc/\nUSER app:app\n",
        "user: 10001\ngroup: 10001\nimage-user: named\n",
    ),
    (
        "a stage by its number",
        "FROM golang\nRUN adduser -D -u 10001 app\nFROM scratch\nCOPY --from=0 /etc/passwd /etc/\nUSER app\n",
        "user: 10001\ngroup: 10001\nimage-user: named\n",
    ),
    (
        "both names of distroless",
        "FROM cgr.dev/acme/none\nUSER nonroot:nonroot\n",
        "user: 65532\ngroup: 65532\nimage-user: named\n",
    ),
    (
        "a byte order mark, and a volume in a variable",
        "\u{feff}FROM scratch\nENV D=/data\nVOLUME $D\nUSER 1:2\n",
        "user: 1\ngroup: 2\nimage-user: numeric\nvolumes:\n- /data\n",
    ),
    (
        "nothing on the user of an unknown base",
        "FROM acme/unknown\nRUN make\n",
        "",
    ),
];

#[test]
fn dockerfiles() {
    for (what, text, expected) in DOCKERFILES {
        let (profile, _) = of_text(text);
        assert_eq!(statements(&profile), *expected, "{what}:\n{profile}");
    }
}

#[test]
fn a_known_base_says_what_it_says_of_itself() {
    let (profile, _) = of_text("FROM nginx:1.27\nCOPY site /usr/share/nginx/html\n");
    assert!(profile.contains("user: 101\ngroup: 101\n"), "{profile}");
    assert!(profile.contains("path: /var/cache/nginx\n"), "{profile}");
    assert!(profile.contains("writable: tested\n"), "{profile}");
    let (profile, _) = of_text("FROM nginx:1.27\nEXPOSE 8080\nUSER 5000:5000\n");
    assert!(
        profile.contains("user: 5000\ngroup: 5000\n") && profile.contains("path: /var/cache/nginx\n"),
        "{profile}"
    );
    assert!(!profile.contains("port: 80"), "{profile}");
    // Its own program: what holds of nginx is a guess now.
    let (profile, comments) = of_text("FROM nginx:1.27\nCMD [\"my-server\"]\n");
    assert!(
        profile.contains("user: guess\n") && profile.contains("writable: guess\n"),
        "{profile}"
    );
    assert!(comments.contains("about its own program"), "{comments}");
}

/// The base's files are readable by all; those that are added need not be.
#[test]
fn that_any_uid_will_do_is_not_inherited_with_new_files_or_another_user() {
    let any_user = |text: &str| {
        let (profile, _) = of_text(text);
        let stated = profile.contains("any-user: true\n");
        (stated, profile.contains("any-user: guess\n"))
    };
    for base in ["nginx:1.27", "registry.k8s.io/pause:3.9"] {
        assert_eq!(any_user(&format!("FROM {base}\nLABEL a=b\n")), (true, false), "{base}");
        for adding in ["COPY site /srv", "ADD x.tar /srv", "RUN mkdir -m 700 /srv"] {
            assert_eq!(
                any_user(&format!("FROM {base}\n{adding}\n")),
                (true, true),
                "{base}, {adding}"
            );
        }
        // In a stage below it too, but not in one that is only copied from.
        assert_eq!(
            any_user(&format!("FROM {base} AS x\nCOPY a /a\nFROM x\n")),
            (true, true)
        );
        assert_eq!(
            any_user(&format!("FROM golang AS x\nCOPY a /a\nFROM {base}\n")),
            (true, false)
        );
        for user in ["5000:5000", "app", "$WHO"] {
            assert_eq!(
                any_user(&format!("FROM {base}\nUSER {user}\n")),
                (false, false),
                "{base}, {user}"
            );
        }
        // Back to root, to which the base's statements apply again.
        assert_eq!(any_user(&format!("FROM {base}\nUSER root\n")), (true, false), "{base}");
    }
}

#[test]
fn a_user_that_is_taken_back_to_root_is_a_guess() {
    let (profile, _) = of_text("FROM grafana/grafana\nUSER root\nRUN apk add git\n");
    assert!(
        profile.contains("user: 472\n") && profile.contains("  user: guess\n"),
        "{profile}"
    );
    let (profile, _) = of_text("FROM grafana/grafana\nUSER root\nRUN apk add git\nUSER 472\n");
    assert!(
        profile.contains("user: 472\n") && !profile.contains("  user: guess\n"),
        "{profile}"
    );
}

/// Whatever is imported has a source, so that `profile check` takes it.
#[test]
fn a_base_that_is_only_known_when_it_is_built_is_a_source() {
    let (profile, comments) = of_text("ARG V\nFROM redis:${V}\n");
    assert!(profile.contains("source:2 says FROM redis:${V}"), "{profile}");
    assert!(comments.contains("give the ARG a default"), "{comments}");
    let found = problems_of_file(&Profile::parse(&profile).unwrap());
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn evidence_names_the_line() {
    let (profile, _) = of_text("FROM scratch\n\nUSER 1000:1000\n");
    assert!(profile.contains("- source:3 says USER 1000:1000\n"), "{profile}");
}

#[test]
fn texts_of_strangers_stay_in_their_place() {
    let (profile, comments) = of_text("FROM acme/x\u{85}user: 0\nUSER a\u{7}\u{2028}b\n");
    assert!(!profile.contains("user: 0"), "{profile}");
    assert!(comments.lines().all(|line| line.starts_with('#')), "{comments}");
    for (bytes, words) in [
        (&b"{\"config\": 5}"[..], "is no image configuration"),
        (b"{}", "has no `config`"),
        (b"[]", "lists no image"),
        (b"hello", "is no image configuration, inspection"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"", "is no image configuration, inspection"),
    ] {
        let error = error_of(bytes);
        assert!(error.contains(words), "{error}");
    }
    let missing = import(tempfile::tempdir().unwrap().path(), "missing");
    let told = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(told, "error: missing: there is no such file; check the path\n");
    let deep = "[".repeat(100_000);
    assert!(error_of(deep.as_bytes()).contains("is no image configuration"));
}

#[test]
fn bounds_on_dockerfiles_hold_in_time_and_memory() {
    // Every stage takes over what the one below knows.
    let mut text = "FROM acme/x AS s0\n".to_string();
    (0..5000).for_each(|i| text += &format!("ENV V{i}=${{V{}}}${{V{}}}x\n", i.max(1) - 1, i.max(1) - 1));
    (1..90).for_each(|i| text += &format!("FROM s{} AS s{i}\n", i - 1));
    text += "USER 5:5\n";
    let started = std::time::Instant::now();
    let (profile, _) = of_text(&text);
    assert!(statements(&profile).starts_with("user: 5\n"), "{profile}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    (90..5000).for_each(|i| text += &format!("FROM s{} AS s{i}\n", i - 1));
    assert!(error_of(text.as_bytes()).contains("no usable FROM"));
}

/// Found by `no_text_panics`: it became a path of no name.
#[test]
fn a_file_of_the_image_that_is_changed_in_the_root_has_no_folder() {
    let (profile, comments) = of_text("C /init\nA /data/x\n");
    assert!(comments.contains("/init is written in /, which"), "{comments}");
    assert!(!profile.contains("path: ''"), "{profile}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    /// Whatever a text says, there is a sound profile or an error, and no panic.
    #[test]
    fn no_text_panics(lines in proptest::collection::vec(LINES, 0..12)) {
        let text = lines.join("\n");
        let made = harden::import::import(IMAGE, Path::new("-"), &mut text.as_bytes(), || Ok(Library::builtin()));
        if let Ok(text) = made {
            let profile = Profile::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
            assert_eq!(problems(&profile).len(), 0, "{text}");
        }
    }
}

/// Lines of every source, broken in many ways.
const LINES: &str = "((FROM|USER|ENV|ARG|RUN|EXPOSE|VOLUME|[ACD]|#|CMD|from) )?[\\\\/$A-Za-z0-9{}:=\"'\\[\\],.<&| -]{0,24}(\\\\| AS x|<<E)?";
