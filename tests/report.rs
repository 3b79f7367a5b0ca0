//! What people and programs read, on outcomes made by hand so that no rule of planning can move them.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use harden::checks::{Exemption, PolicyVersion, Relaxed};
use harden::kube::namespace;
use harden::kube::workload::Carrier;
use harden::options::{Mode, Options, Rules};
use harden::outcome::{
    Diagnostic, Doubt, Failing, FileStatus, Finding, Ground, Hardened, ImageUse, Lenient, Loose, NamespaceOutcome,
    NamespaceStatus, Outcome, Place, Reason, ReasonCode, Standing, WorkloadOutcome, WorkloadStatus,
};
use harden::plan::{Action, Apply, Basis, Blocker, Planned, WayOut};
use harden::report::{Paint, Rendering, Scene, Talk, Tally, summary};
use harden::yaml::{FieldPath, Value};
use serde_json::Value as Json;

/// The contract of version 1, member by member. A change here is a change for everybody who reads reports.
const CONTRACT: &str = r#"{"version":1,"tool_version":"","diagnostics":[{"code":"","message":"","path":null,"line":null}],
 "summary":{"files":{"seen":0,"unchanged":0,"hardened":0,"skipped":0,"failed":0},"workloads":{"compliant":0,"hardened":0,"partial":0,"blocked":0,"exempt":0,"skipped":0},"containers":{"manifest":0,"config":0,"profile":0,"dockerfile":0,"assumed":0,"undecided":0},"changes":{"standard":0,"manifest":0,"config":0,"profile":0,"assumed":0,"override":0},"namespaces":{"unchanged":0,"labelled":0,"partial":0,"blocked":0,"exempt":0,"skipped":0},"unknown_carriers":0},
 "files":[{"path":"","status":"hardened","reason":{"code":"","message":""},
   "workloads":[{"document":0,"item":null,"api_version":"apps/v1","kind":"StatefulSet","namespace":"shop","name":"db","line":12,"status":"hardened","reason":{"code":"","message":""},
     "level":"restricted","policy_version":"latest","apply":"in-place",
     "before":[{"check":"","message":""}],"after":[{"check":"","message":""}],
     "relaxed":[{"check":"","since":"v1.35","exemption":null,"before":""}],
     "changes":[{"field":"","container":null,"action":"set","from":null,"to":999,"basis":"profile","because":"","line":40}],
     "blockers":[{"check":"","code":"","field":"","container":null,"line":51,"message":"","suggestion":""}],
     "images":[{"container":"","image":"","profile":"","user_rests_on":""}],
     "notes":[""]}],
   "namespaces":[{"document":0,"item":null,"name":"","line":2,"status":"labelled","reason":{"code":"","message":""},"level":"restricted","policy_version":"latest",
     "changes":[{"field":"","container":null,"action":"set","from":null,"to":"","basis":"standard","because":"","line":4}],
     "blockers":[{"check":"","code":"","field":"","container":null,"line":4,"message":"","suggestion":""}],
     "workloads":{"seen":0,"to_harden":0,"to_harden_elsewhere":0,"failing":[{"path":"","line":1,"workload":null,"message":""}],
       "relaxed":[{"path":"","line":1,"workload":"","since":"","because":null}],"in_doubt":[{"code":"","count":0,"path":"","line":1}],"others_possible":true}}],
   "unknown_carriers":[{"api_version":"","kind":"","namespace":null,"name":"","line":2}]}]}"#;

fn field(text: &str) -> FieldPath {
    text.split('.')
        .fold(FieldPath::default(), |path, key| path.key(key.to_string()))
}

fn set(path: &str, from: Option<Value>, to: Value, basis: Basis, because: &str) -> Planned {
    Planned {
        field: field(path),
        container: None,
        action: Action::Set,
        from,
        to: Some(to),
        basis,
        because: because.to_string(),
        line: 40,
    }
}

fn reason(code: ReasonCode, message: &str, line: Option<usize>) -> Reason {
    Reason {
        code,
        message: message.to_string(),
        line,
    }
}

fn workload(name: &str, status: WorkloadStatus) -> WorkloadOutcome {
    WorkloadOutcome {
        document: 0,
        item: None,
        api_version: "apps/v1".to_string(),
        kind: "StatefulSet".to_string(),
        namespace: Some("shop".to_string()),
        name: name.to_string(),
        has_name: true,
        line: 12,
        status,
        reason: None,
        decided_by: None,
        level: "restricted".to_string(),
        policy_version: "latest".to_string(),
        apply: Apply::InPlace,
        before: vec![Finding {
            check: "runAsNonRoot",
            message: "runAsNonRoot != true".to_string(),
        }],
        after: Vec::new(),
        relaxed: Vec::new(),
        changes: Vec::new(),
        blockers: Vec::new(),
        images: Vec::new(),
        assumed_users: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    }
}

fn hardened() -> WorkloadOutcome {
    let uid = "spec.template.spec.securityContext.runAsUser";
    let profile = set(
        uid,
        None,
        Value::Int(999),
        Basis::Profile,
        "postgres:16 runs as uid 999",
    );
    let mut drop = set(
        "spec.template.spec.containers.securityContext.capabilities",
        None,
        Value::map([("drop", Value::List(vec![Value::str("ALL")]))]),
        Basis::Standard,
        "restricted wants every capability dropped",
    );
    drop.container = Some("db".to_string());
    let mut removed = set(
        "metadata.annotations.seccomp",
        Some(Value::str("docker/default")),
        Value::Null,
        Basis::Standard,
        "legacy",
    );
    removed.action = Action::Remove;
    removed.to = None;
    let replaced = set(
        uid,
        Some(Value::Int(65532)),
        Value::Int(999),
        Basis::Config,
        "harden.yaml says so",
    );
    WorkloadOutcome {
        changes: vec![profile, drop, removed, replaced],
        images: vec![
            ImageUse {
                container: "db".to_string(),
                image: "postgres:16".to_string(),
                profile: Some("postgres".to_string()),
                user_rests_on: Some(Ground::Profile),
            },
            ImageUse {
                container: "sidecar".to_string(),
                image: "acme/sidecar".to_string(),
                profile: None,
                user_rests_on: Some(Ground::Assumed),
            },
        ],
        assumed_users: vec!["sidecar".to_string()],
        notes: vec!["the image would like a read-only root".to_string()],
        apply: Apply::Recreate,
        ..workload("db", WorkloadStatus::Hardened)
    }
}

fn blocked(name: &str) -> WorkloadOutcome {
    let blocker = Blocker {
        check: "hostPathVolumes",
        code: "host-path",
        field: field("spec.template.spec").key("volumes").index(0),
        container: None,
        line: 51,
        message: "volume \"data\" is a hostPath".to_string(),
        suggestion: WayOut {
            what: "use a PersistentVolumeClaim".to_string(),
            entry: Some("{kind: StatefulSet, name: legacy, field: \"volumes[0].hostPath\", remove: true}".to_string()),
        },
    };
    let port = Blocker {
        check: "hostPorts",
        code: "host-port",
        container: Some("db".to_string()),
        line: 62,
        message: "container \"db\" has ports[0].hostPort 80".to_string(),
        suggestion: "remove `hostPort`".into(),
        ..blocker.clone()
    };
    let finding = |check, message: &str| Finding {
        check,
        message: message.to_string(),
    };
    WorkloadOutcome {
        // The second is the same decision; the last says its own way out.
        blockers: vec![blocker.clone(), Blocker { line: 60, ..blocker }, port],
        after: vec![
            finding("hostPathVolumes", "hostPath volumes"),
            finding("hostPorts", "hostPort"),
        ],
        ..workload(name, WorkloadStatus::Blocked)
    }
}

fn exempt() -> WorkloadOutcome {
    WorkloadOutcome {
        reason: Some(reason(
            ReasonCode::NamespaceLevel,
            "namespace shop enforces privileged",
            None,
        )),
        decided_by: Some(Place {
            path: PathBuf::from("k8s/namespace.yaml"),
            line: 7,
        }),
        ..workload("agent", WorkloadStatus::Exempt)
    }
}

fn outcome(path: &str, status: FileStatus, workloads: Vec<WorkloadOutcome>) -> Outcome {
    let text = (status == FileStatus::Hardened).then(|| Hardened {
        old: "a\n".to_string(),
        new: "a\nb\n".to_string(),
    });
    Outcome {
        path: PathBuf::from(path),
        status,
        reason: None,
        workloads,
        namespaces: Vec::new(),
        unknown_carriers: Vec::new(),
        hardened: text,
    }
}

fn all() -> Vec<Outcome> {
    let mut broken = outcome("k8s/broken.yaml", FileStatus::Failed, Vec::new());
    broken.reason = Some(reason(
        ReasonCode::Unparsable,
        "is not valid YAML: mend the indentation",
        Some(3),
    ));
    let mut template = outcome("chart/t.yaml", FileStatus::Skipped, Vec::new());
    template.reason = Some(reason(
        ReasonCode::Template,
        "is a template: harden what it renders",
        Some(1),
    ));
    let mut flow = outcome("k8s/flow.yaml", FileStatus::Unchanged, Vec::new());
    flow.unknown_carriers.push(carrier("Workflow", 2));
    let mut merged = workload("merged", WorkloadStatus::Skipped);
    merged.reason = Some(reason(
        ReasonCode::MergeKey,
        "uses `<<` in its pod spec: write the fields out",
        Some(20),
    ));
    let compliant = WorkloadOutcome {
        before: Vec::new(),
        relaxed: relaxed(),
        ..workload("ok", WorkloadStatus::Compliant)
    };
    vec![
        template,
        broken,
        flow,
        outcome(
            "k8s/shop.yaml",
            FileStatus::Hardened,
            vec![hardened(), blocked("legacy"), exempt(), merged],
        ),
        outcome("k8s/zz.yaml", FileStatus::Unchanged, vec![compliant]),
    ]
}

fn place(path: &str, line: usize) -> Place {
    let path = PathBuf::from(path);
    Place { path, line }
}

fn namespace() -> NamespaceOutcome {
    let failing = Failing {
        place: place("k8s/agent.yaml", 1),
        workload: String::new(),
        why: "it is not valid YAML".to_string(),
    };
    NamespaceOutcome {
        document: 0,
        item: None,
        name: "shop".to_string(),
        line: 2,
        status: NamespaceStatus::Partial,
        reason: Some(reason(ReasonCode::Alias, "x", Some(1))),
        decided_by: None,
        level: "restricted".to_string(),
        policy_version: "latest".to_string(),
        changes: hardened().changes,
        blockers: blocked("x").blockers,
        standing: Standing {
            seen: 3,
            to_harden: 1,
            elsewhere: 1,
            failing: vec![failing],
            as_it_is: 1,
            relaxed: vec![Lenient {
                place: place("k8s/root.yaml", 2),
                workload: "Pod shop/root".to_string(),
                since: PolicyVersion::Minor(35),
                because: "hostUsers: false".to_string(),
            }],
            loose: vec![(
                Doubt::NamesNone,
                Loose {
                    count: 2,
                    first: place("k8s/flow.yaml", 1),
                },
            )],
        },
    }
}

fn relaxed() -> Vec<Relaxed> {
    vec![Relaxed {
        check: "runAsUser",
        since: PolicyVersion::Minor(35),
        exemption: Some(Exemption::UserNamespace),
        before: "runAsUser=0 (pod must not set runAsUser=0)".to_string(),
    }]
}

fn carrier(kind: &str, line: usize) -> Carrier {
    Carrier {
        api_version: "argoproj.io/v1alpha1".to_string(),
        kind: kind.to_string(),
        namespace: None,
        name: "flow".to_string(),
        line,
    }
}

fn tally(outcomes: &[Outcome]) -> Tally {
    let mut tally = Tally::default();
    outcomes.iter().for_each(|outcome| tally.add(outcome));
    tally
}

fn render(rendering: Rendering, outcomes: &[Outcome], diagnostics: &[Diagnostic]) -> String {
    let mut out = rendering.opening(diagnostics);
    let mut first = true;
    for outcome in outcomes {
        let one = rendering.file(outcome, &outcome.path, Paint::OFF);
        if !one.is_empty() {
            out.extend_from_slice(if first { b"" } else { rendering.separator() });
            out.extend(one);
            first = false;
        }
    }
    out.extend(rendering.closing(&tally(outcomes)));
    String::from_utf8(out).unwrap()
}

fn diagnostics() -> Vec<Diagnostic> {
    let message = "namespace shop has two manifests that disagree".to_string();
    vec![Diagnostic {
        code: "conflict",
        path: Some(PathBuf::from("k8s/namespace.yaml")),
        line: Some(4),
        message,
    }]
}

#[test]
fn text_report() {
    insta::assert_snapshot!(render(Rendering::Text, &all(), &[]));
}

#[test]
fn list_of_paths() {
    insta::assert_snapshot!(render(Rendering::Paths, &all(), &[]));
}

#[test]
fn json_report() {
    let json: Json = serde_json::from_str(&render(Rendering::Json, &all(), &diagnostics())).unwrap();
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn diff_in_colour() {
    let shop = &all()[3];
    let out = Rendering::Diff.file(shop, &shop.path, Paint { on: true });
    insta::assert_snapshot!(
        String::from_utf8(out)
            .unwrap()
            .escape_debug()
            .to_string()
            .replace("\\n", "\n")
    );
}

#[test]
fn lines_on_standard_error() {
    let mut out = String::new();
    for amount in [Talk::Errors, Talk::Blocked, Talk::All] {
        out.push_str(&format!("# {amount:?}\n"));
        for outcome in all() {
            out.extend(outcome.talk(amount, Paint::OFF).iter().map(|line| format!("{line}\n")));
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn summaries_by_mode() {
    let mut out = String::new();
    for mode in [Mode::Diff, Mode::Check, Mode::Write, Mode::Filter] {
        let scene = Scene {
            options: Options {
                mode,
                stdin: mode == Mode::Filter,
                paths: if mode == Mode::Filter {
                    Vec::new()
                } else {
                    vec!["k8s".into(), "with space".into()]
                },
                ..Options::default()
            },
            hidden: 2,
            links: 1,
            rendering: Some(Rendering::of(mode, None)),
            ..Scene::default()
        };
        let lines = summary(&tally(&all()), &scene);
        assert!(lines.len() <= 10);
        out.push_str(&format!("# {mode:?}\n{}\n", lines.join("\n")));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_summary_is_short_however_much_happened() {
    let mut outcomes = all();
    for n in 0..20 {
        let mut other = exempt();
        other.decided_by = Some(Place {
            path: PathBuf::from(format!("ns{n}.yaml")),
            line: 1,
        });
        outcomes.push(outcome(
            &format!("x{n}.yaml"),
            FileStatus::Unchanged,
            vec![other, blocked("b"), exempt()],
        ));
        let mut flow = outcome("flow.yaml", FileStatus::Unchanged, Vec::new());
        flow.namespaces.push(namespace());
        flow.unknown_carriers.push(carrier(&format!("Kind{n}"), n));
        outcomes.push(flow);
    }
    let scene = Scene {
        options: Options {
            paths: (0..50).map(|n| PathBuf::from(format!("p{n}"))).collect(),
            rules: Rules {
                label_namespaces: vec![namespace::Mode::Enforce, namespace::Mode::Warn],
                ..Rules::default()
            },
            ..Options::default()
        },
        hidden: 1,
        rendering: Some(Rendering::Diff),
        outside: vec!["/elsewhere".into(), "/other".into()],
        ..Scene::default()
    };
    let lines = summary(&tally(&outcomes), &scene);
    assert!(lines.len() <= 10, "{lines:#?}");
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn summaries_of_nothing() {
    let empty = summary(
        &Tally::default(),
        &Scene {
            hidden: 1,
            ..Scene::default()
        },
    );
    let clean = summary(&tally(&all()[4..]), &Scene::default());
    insta::assert_snapshot!(format!("{}\n\n{}", empty.join("\n"), clean.join("\n")));
}

#[test]
fn what_was_passed_over_is_not_called_nothing_to_do() {
    let skipped = || {
        let mut file = outcome("chart/templates/a.yaml", FileStatus::Skipped, Vec::new());
        file.reason = Some(reason(ReasonCode::Template, "x", None));
        file
    };
    let mut flow = outcome("flow.yaml", FileStatus::Unchanged, Vec::new());
    flow.unknown_carriers.push(carrier("Workflow", 2));
    let last = |outcomes: &[Outcome], scene: Scene| summary(&tally(outcomes), &scene).pop().unwrap();
    let here = || Scene {
        options: Options {
            paths: vec!["k8s".into()],
            ..Options::default()
        },
        ..Scene::default()
    };
    assert_eq!(
        last(&[skipped()], here()),
        "nothing to harden beside what was skipped: `harden -v k8s` says why, and what to do about it"
    );
    let told = Scene { told: true, ..here() };
    for (outcomes, scene) in [(vec![skipped()], told), (vec![flow], here())] {
        assert_eq!(last(&outcomes, scene), "nothing to harden beside what was left alone");
    }
    let lines = summary(&tally(&[skipped(), skipped()]), &here());
    assert_eq!(lines[0], "2 files: 2 skipped (template)");
}

#[test]
fn json_has_exactly_the_members_of_the_contract() {
    let mut full = blocked("everything");
    full.changes = hardened().changes;
    full.images = hardened().images;
    full.relaxed = relaxed();
    full.notes = hardened().notes;
    full.reason = Some(reason(ReasonCode::Alias, "x", Some(1)));
    let mut file = outcome("x.yaml", FileStatus::Hardened, vec![full]);
    file.reason = Some(reason(ReasonCode::Template, "x", Some(1)));
    file.unknown_carriers.push(carrier("Workflow", 2));
    file.namespaces.push(namespace());
    let report: Json = serde_json::from_str(&render(Rendering::Json, &[file], &diagnostics())).unwrap();
    let contract: Json = serde_json::from_str(CONTRACT).unwrap();
    same_members(&contract, &report, "report");
    assert_eq!(report["version"], 1);
}

/// Both have the same members everywhere; of a list, the first item stands for all.
fn same_members(contract: &Json, got: &Json, at: &str) {
    match (contract, got) {
        (Json::Object(wanted), Json::Object(members)) => {
            let mut names: Vec<_> = wanted.keys().collect();
            let mut found: Vec<_> = members.keys().collect();
            names.sort();
            found.sort();
            assert_eq!(names, found, "{at}");
            for (name, wanted) in wanted {
                same_members(wanted, &members[name], &format!("{at}.{name}"));
            }
        }
        (Json::Array(wanted), Json::Array(items)) => {
            assert!(!items.is_empty(), "{at} must show an item");
            items
                .iter()
                .for_each(|item| same_members(&wanted[0], item, &format!("{at}[]")));
        }
        (Json::Object(_), other) => panic!("{at}: {other} is no object"),
        _ => {}
    }
}

#[test]
fn json_keeps_the_types_of_values() {
    let values = [
        (Value::Null, "null"),
        (Value::Bool(true), "true"),
        (Value::Int(-3), "-3"),
        (Value::Int(i128::from(u64::MAX)), "18446744073709551615"),
        (Value::Int(i128::MAX), "\"170141183460469231731687303715884105727\""),
        (Value::Float("1.5".into()), "1.5"),
        (Value::Float(".inf".into()), "\".inf\""),
        (Value::str("yes"), "\"yes\""),
        (
            Value::Map(vec![(Value::Int(1), Value::List(vec![Value::Null]))]),
            "{\"1\":[null]}",
        ),
    ];
    for (value, wanted) in values {
        let change = set("x", None, value, Basis::Standard, "");
        let workloads = vec![WorkloadOutcome {
            changes: vec![change],
            ..workload("w", WorkloadStatus::Hardened)
        }];
        let file = outcome("x.yaml", FileStatus::Hardened, workloads);
        let json: Json = serde_json::from_slice(&Rendering::Json.file(&file, Path::new("x"), Paint::OFF)).unwrap();
        assert_eq!(json["workloads"][0]["changes"][0]["to"].to_string(), wanted);
    }
}

#[test]
fn text_from_strangers_cannot_forge_lines_or_move_the_cursor() {
    let mut evil = blocked("x\u{1b}[2K\nerror: forged\u{202e}");
    evil.kind = "Deployment\r".to_string();
    evil.blockers[0].message = "line\nbreak".to_string();
    evil.blockers[0].suggestion = WayOut {
        what: "do\nerror: forged".to_string(),
        entry: Some("{name: \nerror: forged}".to_string()),
    };
    evil.after[0].message = "this\nerror: forged".to_string();
    evil.notes = vec!["note\nerror: forged".to_string()];
    let mut file = outcome("dir/a\nb.yaml", FileStatus::Unchanged, vec![evil]);
    file.reason = Some(reason(ReasonCode::Template, "a\nb", None));
    let text = Rendering::Text.file(&file, &file.path, Paint::OFF);
    let paths = Rendering::Paths.file(&file, &file.path, Paint::OFF);
    let talk = file.talk(Talk::All, Paint::OFF);
    assert_eq!(String::from_utf8(paths).unwrap().lines().count(), 1);
    let indented = |said: &String| said.lines().skip(1).all(|line| line.starts_with("    "));
    assert!(
        talk.iter().all(indented),
        "what belongs to a line is told from the next: {talk:#?}"
    );
    for text in [String::from_utf8(text).unwrap(), talk.join("\n")] {
        assert!(
            !text.contains(['\u{1b}', '\r', '\u{202e}']) && !text.contains("\nerror: forged"),
            "{text}"
        );
    }
}

#[test]
fn an_improvement_needs_nobody_but_a_better_fact_does() {
    let improved = WorkloadOutcome {
        before: Vec::new(),
        ..hardened()
    };
    let mere = WorkloadOutcome {
        changes: improved.changes[..2].to_vec(),
        ..improved.clone()
    };
    assert_eq!(tally(&[outcome("x", FileStatus::Hardened, vec![mere])]).needed, 0);
    assert_eq!(tally(&[outcome("x", FileStatus::Hardened, vec![improved])]).needed, 1);
    assert_eq!(tally(&[outcome("x", FileStatus::Hardened, vec![hardened()])]).needed, 1);
}
