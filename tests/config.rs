//! `harden.yaml`: what is read, which one holds, and what its mistakes sound like.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use harden::checks::{Level, PolicyVersion};
use harden::config::{Accept, Config, Configs, Platform, ReadOnlyRoot, Stated};
use harden::yaml::Value;

fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("harden.yaml")).unwrap()
}

fn error(text: &str) -> String {
    match Config::parse(text, Path::new("harden.yaml")) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// A directory for one test, without symbolic links in its own path.
fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn every_key_is_read() {
    let config = parse(
        "level: baseline
policy-version: v1.29
kube-version: '1.30'
accept: safe
platform: openshift
read-only-root: known
assumed-comment: false
exclude: [vendor/]
images:
- repositories: [registry.shop.example/api]
  user: 1234
mirrors: [harbor.corp/hub/, localhost:5000]
profile-dirs: [profiles]
namespaces:
- {name: kube-system, level: privileged}
paths:
- {path: legacy/, policy-version: latest}
overrides:
- {kind: DaemonSet, name: agent, namespace: ops, field: hostNetwork, value: false}
- {kind: DaemonSet, name: agent, container: main, field: securityContext.capabilities.add, remove: true}
",
    );
    assert_eq!(config.kube_version.map(|release| release.minor), Some(30));
    assert_eq!(config.accept, Some(Accept::Safe));
    assert_eq!(config.platform, Some(Platform::Openshift));
    assert_eq!(config.read_only_root, Some(ReadOnlyRoot::Known));
    assert!(!config.assumed_comment);
    assert_eq!(config.images[0].user, Some(1234));
    assert_eq!(config.mirrors, ["harbor.corp/hub", "localhost:5000"]);
    assert_eq!(config.profile_dirs, [PathBuf::from("profiles")]);
    let [first, second] = &config.overrides[..] else {
        panic!("{:?}", config.overrides)
    };
    assert_eq!(
        (first.field.to_string().as_str(), &first.to, first.line),
        ("hostNetwork", &Some(Value::Bool(false)), 19)
    );
    assert!(first.applies_to("DaemonSet", Some("ops"), "agent"));
    assert!(!first.applies_to("DaemonSet", None, "agent"));
    assert!(!first.applies_to("Deployment", Some("ops"), "agent"));
    assert_eq!(
        (second.field.to_string().as_str(), &second.to),
        ("securityContext.capabilities.add", &None)
    );
    assert_eq!(second.container.as_deref(), Some("main"));
    assert!(second.applies_to("DaemonSet", None, "agent") && second.applies_to("DaemonSet", Some("x"), "agent"));
}

#[test]
fn an_empty_config_decides_nothing() {
    for text in [
        "",
        "# nothing yet\n",
        "---\n",
        "exclude:\n# - vendor/\nlevel:\n",
        "{}\n",
    ] {
        let config = parse(text);
        let target = config.target(Path::new("/r/a.yaml"), Path::new("/r"), Some("shop"));
        assert_eq!(target, harden::config::Target::default(), "{text:?}");
        assert!(config.assumed_comment);
        assert_eq!(config.excluded(Path::new("/r/a.yaml"), Path::new("/r")), None);
    }
}

#[test]
fn a_target_comes_from_the_path_then_the_namespace_then_the_top() {
    let config = parse(
        "level: restricted
policy-version: v1.30
paths:
- path: legacy/
  level: baseline
- path: '*.dev.yaml'
  level: privileged
namespaces:
- name: kube-system
  level: privileged
- name: kube-*
  level: baseline
  policy-version: v1.20
",
    );
    let root = Path::new("/r");
    let target = |file: &str, namespace| {
        let target = config.target(Path::new(file), root, namespace);
        (target.level.unwrap(), target.policy_version.unwrap())
    };
    let level = |value: Level, line| Stated { value, line };
    let top = Stated {
        value: PolicyVersion::Minor(30),
        line: 2,
    };
    assert_eq!(target("/r/a.yaml", None), (level(Level::Restricted, 1), top));
    assert_eq!(target("/r/a.yaml", Some("shop")), (level(Level::Restricted, 1), top));
    assert_eq!(
        target("/r/a.yaml", Some("kube-system")),
        (level(Level::Privileged, 10), top)
    );
    assert_eq!(
        target("/r/a.yaml", Some("kube-public")),
        (
            level(Level::Baseline, 12),
            Stated {
                value: PolicyVersion::Minor(20),
                line: 13
            }
        )
    );
    assert_eq!(
        target("/r/x/legacy/deep/a.yaml", Some("kube-system")).0,
        level(Level::Baseline, 5)
    );
    assert_eq!(target("/r/x/a.dev.yaml", None).0, level(Level::Privileged, 7));
    assert_eq!(target("/elsewhere/a.dev.yaml", None).0, level(Level::Restricted, 1));
}

#[test]
fn excludes_are_gitignore_patterns_and_name_their_line() {
    let config = parse("exclude:\n- vendor/\n- '*.gen.yaml'\n- /top.yaml\n- '!keep.gen.yaml'\n");
    let excluded = |file: &str| config.excluded(Path::new(file), Path::new("/r"));
    assert_eq!(excluded("/r/a/vendor/b/c.yaml"), Some(2));
    assert_eq!(excluded("/r/a/b.gen.yaml"), Some(3));
    assert_eq!(excluded("/r/top.yaml"), Some(4));
    assert_eq!(excluded("/r/a/top.yaml"), None);
    assert_eq!(excluded("/r/a/keep.gen.yaml"), None);
    assert_eq!(excluded("/r/vendor.yaml"), None);
    assert_eq!(excluded("/outside/vendor/c.yaml"), None);
}

#[test]
fn mistakes_in_the_text() {
    let cases = [
        "levl: restricted\n",
        "level: restricted\nfrobnicate: 1\n",
        "namespaces:\n- name: a\n  lvel: baseline\n",
        "images:\n- repositories: [a]\n  usr: 5\n",
        "level: restricted\n\nlevel: baseline\n",
        "images:\n- repositories: [a]\n  user: 1\n  user: 2\n",
        "level: strict\n",
        "level: [restricted]\n",
        "policy-version: 1.30\n",
        "namespaces:\n- name: a\n  policy-version: v1.030\n",
        "level: baseline\n\nnamespaces:\n- name: a\n\n  level: strict\n",
        "level: baseline\n\naccept: all\n",
        "platform: eks\n",
        "read-only-root: true\n",
        "assumed-comment: no\n",
        "exclude: vendor/\n",
        "exclude:\n- a: b\n",
        "images:\n- repositories: [a]\n  user: root\n",
        "images:\n- repositories: [a]\n  user: -1\n",
        "images:\n- user: 5\n",
        "namespaces:\n  kube-system: privileged\n",
        "namespaces:\n- kube-system\n",
        "namespaces:\n- level: baseline\n",
        "- level\n",
        "kube-version: latest\n",
        "restricted\n",
        "level: restricted\n---\nlevel: baseline\n",
        "level: \"restricted\n",
        "level: *nowhere\n",
        "a: [\n",
    ];
    let shown: String = cases
        .iter()
        .map(|text| format!("{text}=> {}\n\n", error(text)))
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_release_is_read_as_it_is_spelled() {
    for text in ["kube-version: 1.30", "kube-version: \"1.30\"", "kube-version: v1.30.1"] {
        assert_eq!(
            parse(text).kube_version.map(|release| release.minor),
            Some(30),
            "{text}"
        );
    }
}

#[test]
fn mistakes_in_the_meaning() {
    let cases = [
        "exclude:\n- a\n- ''\n",
        "exclude:\n- '#x'\n",
        "exclude: ['[a']\n",
        "exclude:\n- vendor/\n- '*.{a'\n",
        "exclude:\n- ../other\n",
        "mirrors:\n- https://harbor.corp\n",
        "mirrors:\n- hub\n",
        "mirrors:\n- ''\n",
        "profile-dirs:\n- ../shared\n",
        "profile-dirs:\n- /etc\n",
        "profile-dirs:\n- a/../../b\n",
        "profile-dirs:\n- ''\n",
        "namespaces:\n- name: a\n",
        "namespaces:\n- name:\n  level: baseline\n",
        "namespaces:\n- name: 'a[b'\n  level: baseline\n",
        "paths:\n- path: a/\n",
        "paths:\n- path: '[a'\n  level: baseline\n",
        "paths:\n- path: '!a/'\n  level: baseline\n",
        "overrides:\n- kind: Pod\n  name: '*'\n  field: hostNetwork\n  value: false\n",
        "overrides:\n- kind: Pod\n  name: a\n  field: hostNetwork\n",
        "overrides:\n- kind: Pod\n  name: a\n  field: hostNetwork\n  value: false\n  remove: true\n",
        "overrides:\n- kind: Pod\n  name: a\n  field: volumes[x].hostPath\n  remove: true\n",
        "overrides:\n- kind: Pod\n  name: a\n  field: ''\n  remove: true\n",
        "overrides:\n- kind: Pod\n  name: a\n  field: hostNetwork\n  value: !x false\n",
    ];
    let shown: String = cases
        .iter()
        .map(|text| format!("{text}=> {}\n\n", error(text)))
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn overrides_that_cannot_be_meant() {
    let cases = [
        "field: hostNetwrok, remove: true",
        "field: tolerations, remove: true",
        "field: spec.hostNetwork, remove: true",
        "field: spec.template.spec.hostNetwork, remove: true",
        "field: 'spec.template.spec.containers[0].securityContext.privileged', value: false",
        "field: 'containers[0].securityContext.privileged', value: false",
        "field: containers, remove: true",
        "container: web, field: 'spec.containers[0].securityContext.privileged', value: false",
        "container: web, field: securityContext.privilegedd, value: false",
        "container: web, field: hostNetwork, value: false",
        "field: securityContext.privileged, value: false",
        "field: securityContext, remove: true",
        "field: volumes, remove: true",
        "container: web, field: securityContext.capabilities, remove: true",
        "field: volumes.hostPath, remove: true",
        "field: 'hostNetwork[0]', remove: true",
        "field: hostNetwork.enabled, remove: true",
        "field: hostNetwork, value: 'no'",
        "field: securityContext.runAsUser, value: abc",
        "field: securityContext.runAsUser, value: 1.5",
        "field: 'volumes[0]', value: {name: a, emptydir: {}}",
        "field: 'volumes[0]', value: {name: a, secret: {defaultMode: '0400'}}",
        "field: 'securityContext.sysctls', value: [{name: a, value: 1}]",
        "field: 'volumes[0]', remove: true",
        "container: web, field: 'securityContext.capabilities.add[1]', remove: true",
        "container: '', field: securityContext.privileged, value: false",
        "namespace: '*', field: hostNetwork, remove: true",
    ];
    let mut shown = String::new();
    for case in cases {
        let text = format!("overrides:\n- {{kind: Pod, name: a, {case}}}\n");
        shown.push_str(&format!("{case}\n=> {}\n\n", error(&text)));
    }
    for text in [
        "overrides:\n- {kind: Daemonset, name: a, field: hostNetwork, remove: true}\n",
        "overrides:\n- {kind: Frobnicator, name: a, field: hostNetwork, remove: true}\n",
        "overrides:\n- {kind: Pod, name: a, field: hostNetwork, remove: true}\n- {kind: Pod, name: a, field: hostNetwork, value: true}\n",
    ] {
        shown.push_str(&format!("{text}=> {}\n\n", error(text)));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn overrides_of_kinds_of_ones_own_are_meant() {
    let config = parse(
        "kinds: [{group: example.com, kind: Shop, pods: [spec.template]}]
overrides:
- {kind: Shop, name: a, field: hostNetwork, remove: true}
- {kind: Shop, name: a, field: 'volumes[0].hostPath', remove: true}
- {kind: Shop, name: a, field: 'securityContext.sysctls[0]', value: {name: a, value: b}}
- {kind: Shop, name: a, container: web, field: 'ports[0].hostPort', remove: true}
- {kind: Shop, name: a, container: web, field: livenessProbe.httpGet.host, remove: true}
",
    );
    assert_eq!(config.overrides.len(), 5);
}

#[test]
fn hostile_texts_end_quickly_in_an_error() {
    let mut bomb = "overrides:\n- {kind: a, name: b, field: c, value: {a: &a0 [x, x]".to_string();
    for i in 1..40 {
        bomb.push_str(&format!(", a{i}: &a{i} [*a{}, *a{}]", i - 1, i - 1));
    }
    bomb.push_str("}}\n");
    assert!(error(&bomb).contains("repetition limit"), "{}", error(&bomb));
    for opening in ["[", "{a: ", "- "] {
        let deep = format!("overrides:\n- value: {}", opening.repeat(50_000));
        assert!(error(&deep).starts_with("harden.yaml:"), "{}", error(&deep));
    }
    assert!(error("level: \u{0}\n").starts_with("harden.yaml:"));
}

#[test]
fn the_nearest_config_holds_whole_and_not_beyond_the_root() {
    let (_guard, top) = scratch();
    let root = top.join("repo");
    write(&top, "harden.yaml", "level: privileged\n");
    write(&root, ".github/harden.yaml", "level: baseline\naccept: safe\n");
    write(&root, "apps/.harden.yaml", "exclude: [/gen]\n");
    fs::create_dir_all(root.join("apps/deep/er")).unwrap();
    fs::create_dir_all(root.join("other")).unwrap();
    let mut configs = Configs::nearest(top.clone());
    let outer = configs.of(&root.join("other"), &root).unwrap();
    assert_eq!(outer.path.as_deref(), Some(Path::new("repo/.github/harden.yaml")));
    let inner = configs.of(&root.join("apps/deep/er"), &root).unwrap();
    assert_eq!(inner.accept, None, "configs are not merged");
    assert_eq!(
        inner.excluded(&root.join("apps/gen/a.yaml"), &root),
        Some(1),
        "patterns start at the config's folder"
    );
    assert_eq!(inner.excluded(&root.join("gen/a.yaml"), &root), None);
    assert!(
        std::sync::Arc::ptr_eq(&inner, &configs.of(&root.join("apps"), &root).unwrap()),
        "read once"
    );

    fs::remove_file(root.join(".github/harden.yaml")).unwrap();
    let none = Configs::nearest(top.clone()).of(&root.join("other"), &root).unwrap();
    assert_eq!(none.path, None, "a config above the root does not count");
    let ignored = Configs::none(top.clone()).of(&root.join("apps"), &root).unwrap();
    assert_eq!(ignored.path, None);
}

#[test]
fn a_named_config_holds_everywhere_and_counts_from_each_repository() {
    let (_guard, top) = scratch();
    write(&top, "ci/strict.yaml", "exclude: [/gen]\nprofile-dirs: [images]\n");
    write(&top, "repo/harden.yaml", "exclude: [/other]\n");
    fs::create_dir_all(top.join("ci/images")).unwrap();
    let mut configs = Configs::file(Path::new("ci/strict.yaml"), top.clone()).unwrap();
    let root = top.join("repo");
    let config = configs.of(&root, &root).unwrap();
    assert_eq!(config.path.as_deref(), Some(Path::new("ci/strict.yaml")));
    assert_eq!(config.excluded(&root.join("gen/a.yaml"), &root), Some(1));
    assert_eq!(config.excluded(&root.join("other/a.yaml"), &root), None);
    assert_eq!(config.profile_dirs, [top.join("ci/images")]);
}

#[test]
fn mistakes_on_the_disk() {
    let (_guard, top) = scratch();
    write(&top, "two/harden.yaml", "");
    write(&top, "two/.github/harden.yaml", "");
    write(&top, "big/harden.yaml", &"#\n".repeat(600_000));
    fs::create_dir_all(top.join("folder/harden.yaml")).unwrap();
    fs::create_dir_all(top.join("latin")).unwrap();
    fs::write(top.join("latin/harden.yaml"), b"# \xc3\xa4\nlevel: \xc3\xa4\xe4\n").unwrap();
    fs::create_dir_all(top.join("wide")).unwrap();
    fs::write(top.join("wide/harden.yaml"), b"\xff\xfel\0e\0v\0e\0l\0").unwrap();
    for (name, bytes) in [
        ("shared-big", vec![b'#'; 300_000]),
        ("shared-latin", b"user: 1\nname: \xe4\n".to_vec()),
    ] {
        write(&top, &format!("{name}/harden.yaml"), "profile-dirs: [images]\n");
        fs::create_dir_all(top.join(name).join("images")).unwrap();
        fs::write(top.join(name).join("images/web.yaml"), bytes).unwrap();
    }
    for (name, bytes) in [
        ("built-big", vec![b'#'; 1_100_000]),
        ("built-latin", b"FROM a\nUSER \xe4\n".to_vec()),
    ] {
        let image = "images:\n- {repositories: [acme/web], dockerfile: Dockerfile}\n";
        write(&top, &format!("{name}/harden.yaml"), image);
        fs::write(top.join(name).join("Dockerfile"), bytes).unwrap();
    }
    write(&top, "gone/harden.yaml", "profile-dirs: [images]\n");
    write(&top, "away/harden.yaml", "profile-dirs: [images]\n");
    symlink("/etc", top.join("away/images")).unwrap();
    fs::create_dir_all(top.join("link")).unwrap();
    symlink("/etc/passwd", top.join("link/harden.yaml")).unwrap();
    fs::create_dir_all(top.join("dangling")).unwrap();
    symlink("nowhere", top.join("dangling/harden.yaml")).unwrap();
    let mut shown = String::new();
    for name in [
        "two",
        "big",
        "folder",
        "latin",
        "wide",
        "gone",
        "away",
        "link",
        "dangling",
        "shared-big",
        "shared-latin",
        "built-big",
        "built-latin",
    ] {
        let dir = top.join(name);
        let error = Configs::nearest(top.clone()).of(&dir, &dir).unwrap_err();
        shown.push_str(&format!("{error}\n"));
    }
    shown.push_str(&format!(
        "{}\n",
        Configs::file(Path::new("nope.yaml"), top.clone()).unwrap_err()
    ));
    insta::assert_snapshot!(shown);
}

#[test]
fn a_link_inside_the_repository_is_a_config_like_any_other() {
    let (_guard, root) = scratch();
    write(&root, "shared/strict.yaml", "accept: safe\n");
    fs::create_dir_all(root.join("app")).unwrap();
    symlink("../shared/strict.yaml", root.join("app/harden.yaml")).unwrap();
    let config = Configs::nearest(root.clone()).of(&root.join("app"), &root).unwrap();
    assert_eq!(config.accept, Some(Accept::Safe));
}
