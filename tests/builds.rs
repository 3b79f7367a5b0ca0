//! Dockerfiles as evidence: of images that the repository says it builds, and of no others.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n      image: acme/web:1.2\n";
const DOCKERFILE: &str = "FROM acme/base\nEXPOSE 8080\nUSER 1234:2345\n";
const OTHER: &str = "FROM acme/base\nUSER 99:99\n";

/// The report on a repository of these files, beside the pod.
fn report(files: &[(&str, &str)]) -> (tempfile::TempDir, Value) {
    let repository = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = repository.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    fs::create_dir(repository.path().join(".git")).unwrap();
    write("k8s/web.yaml", POD);
    files.iter().for_each(|(path, text)| write(path, text));
    let report = json(repository.path());
    (repository, report)
}

fn json(repository: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["--output-format", "json", "k8s"])
        .current_dir(repository)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// `uid basis: because` of the one workload.
fn user(report: &Value) -> String {
    let changes = report["files"][0]["workloads"][0]["changes"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|c| c["field"].as_str().unwrap().ends_with("runAsUser"));
    let change = change.unwrap_or_else(|| panic!("{changes:?}"));
    let because = change["because"].as_str().unwrap();
    format!("{} {}: {because}", change["to"], change["basis"].as_str().unwrap())
}

const COMPOSE: &str = "services:\n  web:\n    build: ../web\n    image: acme/web:${TAG:-dev}\n";

#[test]
fn a_build_that_the_repository_names_is_evidence() {
    let skaffold =
        "apiVersion: skaffold/v4beta7\nkind: Config\nbuild:\n  artifacts:\n    - image: acme/web\n      context: web\n";
    let with_file =
        "services:\n  web:\n    build:\n      context: .\n      dockerfile: web/Dockerfile\n    image: acme/web\n";
    let config = "images:\n  - repositories: [acme/web]\n    dockerfile: web/Dockerfile\n";
    for (path, text) in [
        ("deploy/compose.yaml", COMPOSE),
        ("docker-compose.yml", with_file),
        ("skaffold.yaml", skaffold),
        ("harden.yaml", config),
    ] {
        let (_repository, report) = report(&[(path, text), ("web/Dockerfile", DOCKERFILE)]);
        assert_eq!(
            user(&report),
            "1234 profile: web/Dockerfile:3 says USER 1234:2345",
            "{path}"
        );
        let image = &report["files"][0]["workloads"][0]["images"][0];
        assert_eq!(image["profile"], "web/Dockerfile", "{path}");
    }
}

#[test]
fn a_stage_is_chosen_by_name() {
    let compose = "services:\n  web:\n    build: {context: web, target: prod}\n    image: acme/web\n";
    let dockerfile = "FROM acme/base AS prod\nUSER 7:7\nFROM acme/base AS dev\nUSER 8:8\n";
    let (_repository, report) = report(&[("compose.yaml", compose), ("web/Dockerfile", dockerfile)]);
    assert_eq!(user(&report), "7 profile: web/Dockerfile:2 says USER 7:7");
}

/// What the build is given for an `ARG` stands above the Dockerfile's own value; where only the environment knows it,
/// nobody does.
#[test]
fn arguments_of_a_build_decide_about_its_dockerfile() {
    let dockerfile = "ARG BASE=acme/base\nFROM $BASE\nARG UID=1000\nUSER $UID:$UID\n";
    let compose = |args: &str| {
        format!("services:\n  web:\n    build:\n      context: web\n      args: {args}\n    image: acme/web\n")
    };
    let skaffold = "build:\n  artifacts:\n    - image: acme/web\n      context: web\n      docker:\n        buildArgs: {UID: \"2000\"}\n";
    let known = "2000 profile: web/Dockerfile:4 says USER 2000:2000";
    let unknown = "65532 assumed: ";
    for (path, text, expected) in [
        ("compose.yaml", compose("{UID: 2000}"), known),
        ("compose.yaml", compose("[UID=2000]"), known),
        ("docker-compose-dev.yml", compose("[UID=2000]"), known),
        ("skaffold.yaml", skaffold.to_string(), known),
        (
            "compose.yaml",
            compose("{OTHER: 1}"),
            "1000 profile: web/Dockerfile:4 says USER 1000:1000",
        ),
        ("compose.yaml", compose("{UID: }"), unknown),
        ("compose.yaml", compose("[UID]"), unknown),
        ("compose.yaml", compose("{UID: \"${UID:-5}\"}"), unknown),
        ("compose.yaml", compose("{UID: 1000, BASE: nginx}"), "1000 profile: "),
    ] {
        let (_repository, report) = report(&[(path, &text), ("web/Dockerfile", dockerfile)]);
        let found = user(&report);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

const ARGUMENTS: &str = "FROM acme/base AS dev\nUSER 8:8\nFROM acme/base AS prod\nARG UID=1000\nUSER $UID:$UID\n";
const BY_ARGUMENT: &str = "2000 profile: web/Dockerfile:5 says USER 2000:2000";

/// What a file merges into a mapping is said there too; its own keys win.
#[test]
#[allow(clippy::too_many_lines)] // a table
fn merge_keys_count_in_whatever_names_a_build() {
    let skaffold = |docker: &str| {
        format!(
            "x: &a {{UID: \"2000\"}}\nbuild:\n  artifacts:\n    - image: acme/web\n      context: web\n      docker: {docker}\n"
        )
    };
    let compose = |anchors: &str, service: &str| format!("{anchors}\nservices:\n  web: {service}\n");
    let unknown = "65532 assumed: ";
    for (path, text, expected) in [
        (
            "compose.yaml",
            compose(
                "x-a: &a {UID: 2000}",
                "{image: acme/web, build: {context: web, args: {<<: *a, B: c}}}",
            ),
            BY_ARGUMENT,
        ),
        (
            "compose.yaml",
            compose(
                "x-a: &a {UID: 3}\nx-b: &b {UID: 4}",
                "{image: acme/web, build: {context: web, args: {<<: [*a, *b], UID: 2000}}}",
            ),
            BY_ARGUMENT,
        ),
        (
            "compose.yaml",
            compose(
                "x-a: &a {UID: 2000}\nx-b: &b {UID: 4}",
                "{image: acme/web, build: {context: web, args: {<<: [*a, *b]}}}",
            ),
            BY_ARGUMENT,
        ),
        (
            "compose.yaml",
            compose(
                "x-b: &b {target: dev, context: other}",
                "{image: acme/web, build: {<<: *b, context: web}}",
            ),
            "8 profile: ",
        ),
        (
            "compose.yaml",
            compose(
                "x-s: &s {build: {context: web, target: dev}}",
                "{<<: *s, image: acme/web}",
            ),
            "8 profile: ",
        ),
        (
            "compose.yaml",
            compose(
                "x-s: &s [1]",
                "{image: acme/web, build: {context: web, args: {<<: *s}}}",
            ),
            unknown,
        ),
        (
            "compose.yaml",
            compose(
                "x-s: &s {UID: 2000}",
                "{image: acme/web, build: {context: web, args: {\"<<\": *s}}}",
            ),
            unknown,
        ),
        (
            "compose.yaml",
            compose("", "{image: acme/web, build: web, extends: {service: base}}"),
            unknown,
        ),
        ("skaffold.yaml", skaffold("{buildArgs: {<<: *a}}"), BY_ARGUMENT),
        ("skaffold.yaml", skaffold("{<<: {target: dev}}"), "8 profile: "),
        ("skaffold.yaml", skaffold("{<<: 1}"), unknown),
    ] {
        let (_repository, report) = report(&[(path, &text), ("web/Dockerfile", ARGUMENTS)]);
        let found = user(&report);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

/// Profiles and patches of skaffold, and files beside a compose file, build the same image in another way.
#[test]
fn further_builds_of_an_image_count_beside_the_first() {
    let skaffold = |rest: &str| {
        format!("build:\n  artifacts:\n    - image: acme/other\n    - image: acme/web\n      context: web\n{rest}")
    };
    let artifacts = |docker: &str| {
        format!(
            "profiles:\n  - build:\n      artifacts:\n        - image: acme/web\n          context: web\n          docker: {docker}\n"
        )
    };
    let patch = |path: &str| {
        skaffold(&format!(
            "profiles:\n  - patches:\n      - {{op: add, path: {path}, value: dev}}\n"
        ))
    };
    let base = "services:\n  web: {image: acme/web, build: {context: web}}\n";
    let first = "1000 profile: ";
    let unknown = "65532 assumed: ";
    let of_skaffold = [
        (skaffold(&artifacts("{target: dev}")), unknown),
        (skaffold(&artifacts("{buildArgs: {OTHER: \"1\"}}")), first),
        (skaffold(&artifacts("{}").replace("docker", "ko")), unknown),
        (patch("/build/artifacts/1/docker/target"), unknown),
        (patch("/build/artifacts/0/docker/target"), first),
        (patch("/build/artifacts"), unknown),
        (patch("/deploy/kubectl"), first),
    ];
    for (text, expected) in of_skaffold {
        let (_repository, report) = report(&[("skaffold.yaml", &text), ("web/Dockerfile", ARGUMENTS)]);
        let found = user(&report);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
    for (path, text, expected) in [
        ("docker-compose.prod.yml", "{build: {target: dev}}", unknown),
        ("compose.override.yaml", "{build: {args: {UID: 5}}}", unknown),
        (
            "compose.override.yaml",
            "{image: \"acme/web:dev\", build: {target: dev}}",
            unknown,
        ),
        ("compose.override.yaml", "{build: {dockerfile_inline: FROM x}}", unknown),
        ("compose.override.yaml", "{build: {context: ./web}}", first),
        (
            "compose.override.yaml",
            "{image: acme/api, build: {target: dev}}",
            first,
        ),
        ("other/compose.yaml", "{build: {target: dev}}", first),
    ] {
        let over = format!("services:\n  web: {text}\n");
        let (_repository, report) = report(&[("compose.yaml", base), (path, &over), ("web/Dockerfile", ARGUMENTS)]);
        let found = user(&report);
        assert!(found.starts_with(expected), "{path} {text}: {found}");
    }
}

#[test]
fn kaniko_reads_dockerfiles_too() {
    let skaffold = |kaniko: &str| format!("build:\n  artifacts:\n    - image: acme/web\n      kaniko: {kaniko}\n");
    for (kaniko, expected) in [
        ("{dockerfile: web/Dockerfile, buildArgs: {UID: \"2000\"}}", BY_ARGUMENT),
        ("{dockerfile: web/Dockerfile, target: dev}", "8 profile: "),
        ("{dockerfile: Dockerfile, contextSubPath: web}", "65532 assumed: "),
    ] {
        let (_repository, report) = report(&[("skaffold.yaml", &skaffold(kaniko)), ("web/Dockerfile", ARGUMENTS)]);
        let found = user(&report);
        assert!(found.starts_with(expected), "{kaniko}: {found}");
    }
}

#[test]
fn the_base_of_a_dockerfile_may_be_a_known_image() {
    let (_repository, report) = report(&[
        ("deploy/compose.yaml", COMPOSE),
        ("web/Dockerfile", "FROM nginx:1.27\nCOPY . /usr/share/nginx/html\n"),
    ]);
    assert_eq!(user(&report), "101 profile: web/Dockerfile:1 says FROM nginx:1.27");
    assert!(report.to_string().contains("var-cache-nginx"));
}

#[test]
fn what_is_not_named_is_no_evidence() {
    let assumed = |files: &[(&str, &str)]| {
        let (_repository, report) = report(files);
        let found = user(&report);
        assert!(found.starts_with("65532 assumed: "), "{files:?}: {found}");
    };
    // A folder of the image's name, and nothing that says so.
    assumed(&[("web/Dockerfile", DOCKERFILE)]);
    // Another image; no image; no build; a variable; a remote; a builder without a Dockerfile; outside the repository.
    for compose in [
        "services:\n  web:\n    build: web\n    image: other/web\n",
        "services:\n  web:\n    build: web\n",
        "services:\n  web:\n    image: acme/web\n  builder:\n    build: web\n",
        "services:\n  web:\n    build: ${DIR}\n    image: acme/web\n",
        "services:\n  web:\n    build: https://example.com/web.git\n    image: acme/web\n",
        "services:\n  web:\n    build: ../web\n    image: acme/web\n",
        "services:\n  web:\n    build: /web\n    image: acme/web\n",
        "services:\n  web:\n    build: {context: web, dockerfile_inline: FROM x}\n    image: acme/web\n",
        "services:\n  web:\n    build: {context: web, target: missing}\n    image: acme/web\n",
    ] {
        assumed(&[("compose.yaml", compose), ("web/Dockerfile", DOCKERFILE)]);
    }
    let skaffold = "build:\n  artifacts:\n    - image: acme/web\n      context: web\n      ko: {}\n";
    assumed(&[("skaffold.yaml", skaffold), ("web/Dockerfile", DOCKERFILE)]);
    // Not a compose file by its name.
    assumed(&[("deploy/values.yaml", COMPOSE), ("web/Dockerfile", DOCKERFILE)]);
}

#[test]
fn two_builds_that_differ_are_no_evidence_until_the_config_decides() {
    let other = "services:\n  web:\n    build: other\n    image: acme/web\n";
    let mut files = vec![
        ("deploy/compose.yaml", COMPOSE),
        ("compose.yaml", other),
        ("web/Dockerfile", DOCKERFILE),
        ("other/Dockerfile", OTHER),
    ];
    let (_repository, found) = report(&files);
    assert!(user(&found).starts_with("65532 assumed"), "{}", user(&found));
    let diagnostic = &found["diagnostics"][0];
    assert_eq!(diagnostic["code"], "image-build", "{diagnostic}");
    files.push((
        "harden.yaml",
        "images:\n  - repositories: [acme/web]\n    dockerfile: other/Dockerfile\n",
    ));
    let (_repository, found) = report(&files);
    assert_eq!(user(&found), "99 profile: other/Dockerfile:2 says USER 99:99");
    // Two that say the same are one.
    let (_repository, found) = report(&[
        ("deploy/compose.yaml", COMPOSE),
        ("compose.yaml", other),
        ("web/Dockerfile", OTHER),
        ("other/Dockerfile", OTHER),
    ]);
    assert!(user(&found).starts_with("99 profile"), "{}", user(&found));
}

/// `explain` and `profile show` know what a run knows.
#[test]
fn explain_reads_the_same_dockerfiles_as_a_run() {
    let say = |folder: &Path, words: &[&str]| {
        let mut harden = Command::new(env!("CARGO_BIN_EXE_harden"));
        let output = harden.args(words).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (repository, found) = report(&[("deploy/compose.yaml", COMPOSE), ("web/Dockerfile", DOCKERFILE)]);
    assert_eq!(user(&found), "1234 profile: web/Dockerfile:3 says USER 1234:2345");
    // From a folder below too: what counts is the repository.
    for folder in [repository.path().to_path_buf(), repository.path().join("k8s")] {
        let text = say(&folder, &["explain", "acme/web:1.2"]);
        let written = "securityContext.runAsUser: 1234 profile: web/Dockerfile:3 says USER 1234:2345";
        assert!(text.contains(written), "{text}");
        let text = say(&folder, &["profile", "show", "acme/web"]);
        assert!(
            text.contains("user 1234 [web/Dockerfile:3 says USER 1234:2345; dockerfile]"),
            "{text}"
        );
    }
    let other = "services:\n  web:\n    build: other\n    image: acme/web\n";
    let (repository, _) = report(&[
        ("deploy/compose.yaml", COMPOSE),
        ("compose.yaml", other),
        ("web/Dockerfile", DOCKERFILE),
        ("other/Dockerfile", OTHER),
    ]);
    let text = say(repository.path(), &["explain", "acme/web"]);
    assert!(text.contains("runAsUser: 65532 assumed:"), "{text}");
    assert!(
        text.contains("compose.yaml:4: docker.io/acme/web is built otherwise on line 4"),
        "{text}"
    );
}

#[test]
fn statements_of_the_config_win_over_its_dockerfile() {
    let config = "images:\n  - repositories: [acme/web]\n    dockerfile: web/Dockerfile\n    user: 77\n";
    let (_repository, report) = report(&[("harden.yaml", config), ("web/Dockerfile", DOCKERFILE)]);
    assert!(user(&report).starts_with("77 config: "), "{}", user(&report));
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_repository_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("Dockerfile"), DOCKERFILE).unwrap();
    let (repository, _) = report(&[(
        "compose.yaml",
        "services:\n  web:\n    build: web\n    image: acme/web\n",
    )]);
    std::os::unix::fs::symlink(outside.path(), repository.path().join("web")).unwrap();
    assert!(user(&json(repository.path())).starts_with("65532 assumed"));
    for (dockerfile, words) in [
        ("web/Dockerfile", "is outside the repository"),
        ("missing", "does not exist"),
        ("k8s/web.yaml", "has no FROM"),
    ] {
        let config = format!("images:\n  - repositories: [acme/web]\n    dockerfile: {dockerfile}\n");
        fs::write(repository.path().join("harden.yaml"), config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_harden"))
            .current_dir(repository.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("harden.yaml:3:") && error.contains("images[0].dockerfile") && error.contains(words),
            "{error}"
        );
    }
}
