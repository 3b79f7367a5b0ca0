//! The checks against tables: golden verdicts of the upstream evaluator, and edge cases by hand.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use harden::checks::{self, Level, Policy, PolicyVersion, Relaxed};
use harden::kube::pod::Pod;
use harden::yaml::{self, FieldPath};

/// Runs `judge` on the pod of a `Pod` or of a template that is written as YAML or JSON.
fn with_pod<T>(manifest: &str, is_pod_kind: bool, judge: impl FnOnce(Pod) -> T) -> T {
    let chunks = yaml::split(manifest);
    let document = yaml::parse(&chunks[0]).unwrap_or_else(|e| panic!("{e:?}\n{manifest}"));
    let template = document.root().unwrap();
    judge(Pod::in_template(template, &FieldPath::default(), is_pod_kind).unwrap())
}

fn golden_file() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("HARDEN_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("data/pss-golden.jsonl.gz")).filter(|path| path.is_file())
}

/// The text that holds at a version, from steps of `[first minor, text]`.
fn text_at(steps: &serde_json::Value, minor: u32) -> &str {
    let holds = |step: &&serde_json::Value| step[0].as_u64().unwrap() <= u64::from(minor);
    let step = steps.as_array().unwrap().iter().rfind(holds);
    step.map_or("", |step| step[1].as_str().unwrap())
}

#[test]
fn golden_rows_of_the_upstream_evaluator() {
    let Some(path) = golden_file() else {
        println!("skipped: 1 (pss-golden.jsonl.gz is not beside the repository; set HARDEN_SHARED)");
        return;
    };
    let reader = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut compared = 0;
    for line in reader.lines() {
        let row: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        with_pod(&row["pod"].to_string(), true, |pod| {
            let pod = pod.without_defaults();
            for (level, steps) in [
                (Level::Baseline, &row["baseline"]),
                (Level::Restricted, &row["restricted"]),
            ] {
                for minor in 0..=38 {
                    let found = checks::evaluate(level, PolicyVersion::Minor(minor), &pod);
                    assert_eq!(
                        checks::message(&found),
                        text_at(steps, minor),
                        "{level} v1.{minor}: {}",
                        row["pod"]
                    );
                    compared += 1;
                }
            }
        });
    }
    println!("{compared} comparisons");
    assert_eq!(compared, 1500 * 2 * 39);
}

/// What a pod violates, as text.
fn verdict(manifest: &str, is_pod_kind: bool, target: &str) -> String {
    let (level, version) = target.split_once(':').unwrap();
    let (level, version) = (level.parse().unwrap(), version.parse().unwrap());
    with_pod(manifest, is_pod_kind, |pod| {
        checks::message(&checks::evaluate(level, version, &pod))
    })
}

/// A container that satisfies `restricted`, in flow syntax, with more fields at its end.
fn sound(name: &str, more: &str) -> String {
    format!(
        "{{name: {name}, securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}, \
         runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}{more}}}"
    )
}

#[test]
fn scalars_are_read_as_the_api_server_reads_them() {
    let table = [
        (
            "{privileged: yes}",
            "privileged (container \"c\" must not set securityContext.privileged=true)",
        ),
        (
            "{privileged: !!bool \"true\"}",
            "privileged (container \"c\" must not set securityContext.privileged=true)",
        ),
        ("{privileged: null}", ""),
        ("{privileged: }", ""),
        ("{Privileged: true, PRIVILEGED: true}", ""),
        ("{procMount: Default}", ""),
        (
            "{procMount: \"\"}",
            "procMount (container \"c\" must not set securityContext.procMount to \"\")",
        ),
        ("{procMount: ~}", ""),
        (
            "{seccompProfile: {}}",
            "seccompProfile (container \"c\" must not set securityContext.seccompProfile.type to \"\")",
        ),
        ("{seccompProfile: null}", ""),
        (
            "{appArmorProfile: {}}",
            "forbidden AppArmor profile (container \"c\" must not set AppArmor profile type to \"\")",
        ),
        (
            "{capabilities: {add: [null]}}",
            "non-default capabilities (container \"c\" must not include \"\" in securityContext.capabilities.add)",
        ),
        (
            "{capabilities: {add: [chown, CHOWN, CAP_CHOWN]}}",
            "non-default capabilities (container \"c\" must not include \"CAP_CHOWN\", \"chown\" in securityContext.capabilities.add)",
        ),
        ("{seLinuxOptions: {type: container_engine_t}}", ""),
        (
            "{seLinuxOptions: {user: a, role: b, level: s0}}",
            "seLinuxOptions (container \"c\" set forbidden securityContext.seLinuxOptions: user may not be set; role may not be set)",
        ),
    ];
    for (context, wanted) in table {
        let manifest = format!("spec: {{containers: [{{name: c, securityContext: {context}}}]}}");
        assert_eq!(verdict(&manifest, false, "baseline:latest"), wanted, "{context}");
    }
}

#[test]
fn users_are_judged_at_pod_and_containers() {
    let user = |text: &str| format!("runAsUser=0 ({text} must not set runAsUser=0)");
    let table = [
        ("{runAsUser: 0x0}", user("pod")),
        ("{runAsUser: 00}", user("pod")),
        ("{runAsUser: 0.0}", user("pod")),
        ("{runAsUser: 65532}", String::new()),
        (
            "{runAsNonRoot: false}",
            "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)".into(),
        ),
    ];
    for (context, wanted) in table {
        let manifest = format!("spec: {{securityContext: {context}, containers: [{}]}}", sound("c", ""));
        assert_eq!(verdict(&manifest, false, "restricted:latest"), wanted, "{context}");
    }
}

#[test]
fn the_api_servers_defaults_come_first() {
    let ports = "ports: [{containerPort: 80}, {containerPort: 8, hostPort: 0}]";
    let network = format!(
        "spec:\n  hostNetwork: true\n  initContainers: [{{name: i, {ports}}}]\n  containers: [{{name: c, {ports}}}]\n  \
         ephemeralContainers: [{{name: e, {ports}}}]\n"
    );
    let namespaces = "host namespaces (hostNetwork=true)";
    assert_eq!(verdict(&network, false, "baseline:latest"), namespaces);
    assert_eq!(
        verdict(&network, true, "baseline:latest"),
        format!("{namespaces}, hostPort (containers \"i\", \"c\" use hostPorts 8, 80)")
    );

    let volume = format!(
        "spec: {{containers: [{}], volumes: [{{name: v}}, null, {{name: w, nfs: null}}]}}",
        sound("c", "")
    );
    assert_eq!(verdict(&volume, false, "restricted:latest"), "");
    let raw = with_pod(&volume, false, |pod| {
        checks::message(&checks::evaluate(
            Level::Restricted,
            PolicyVersion::Latest,
            &pod.without_defaults(),
        ))
    });
    assert_eq!(
        raw,
        "restricted volume types (volumes \"v\", \"\", \"w\" use restricted volume type \"unknown\")"
    );
}

#[test]
fn an_apparmor_annotation_of_a_pod_becomes_its_field() {
    let manifest = |context: &str, os: &str| {
        format!(
            "metadata:\n  annotations:\n    container.apparmor.security.beta.kubernetes.io/c: unconfined\n\
             spec: {{{os}securityContext: {{{context}}}, containers: [{{name: c}}]}}\n"
        )
    };
    let quoted = "\"container.apparmor.security.beta.kubernetes.io/c=\"unconfined\"\"";
    let only_annotation =
        format!("forbidden AppArmor profile (annotation must not set AppArmor profile type to {quoted})");
    let both = format!(
        "forbidden AppArmor profiles (container \"c\" and annotation must not set AppArmor profile type to \
         \"Unconfined\", {quoted})"
    );
    let with_pod_field = format!(
        "forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to \"Unconfined\", {quoted})"
    );
    let table = [
        ("", "", false, &only_annotation),
        ("", "", true, &both),
        ("", "os: {name: windows}, ", true, &only_annotation),
        ("appArmorProfile: {type: Unconfined}", "", true, &with_pod_field),
        ("appArmorProfile: {type: RuntimeDefault}", "", true, &both),
    ];
    for (context, os, is_pod_kind, wanted) in table {
        assert_eq!(
            verdict(&manifest(context, os), is_pod_kind, "baseline:latest"),
            *wanted,
            "{context} {os}"
        );
    }
    let sites = sites(&manifest("", ""), true, "baseline:latest");
    assert_eq!(
        sites,
        ["appArmorProfile metadata.annotations[\"container.apparmor.security.beta.kubernetes.io/c\"] c:3 Explicit"]
    );
}

/// `check path container:line fault` of every site.
fn sites(manifest: &str, is_pod_kind: bool, target: &str) -> Vec<String> {
    let (level, version) = target.split_once(':').unwrap();
    let (level, version) = (level.parse().unwrap(), version.parse().unwrap());
    with_pod(manifest, is_pod_kind, |pod| {
        let violations = checks::evaluate(level, version, &pod);
        let shown = |v: &checks::Violation| {
            let site = |s: &checks::Site| {
                let owner = s.container.as_deref().unwrap_or("-");
                format!("{} {} {owner}:{} {:?}", v.check, s.path, s.line, s.fault)
            };
            v.sites.iter().map(site).collect::<Vec<_>>()
        };
        violations.iter().flat_map(shown).collect()
    })
}

#[test]
fn sites_name_what_has_to_change() {
    let manifest = "\
metadata:
  annotations: {}
spec:
  hostNetwork: true
  initContainers:
  - name: i
    securityContext:
      allowPrivilegeEscalation: true
      capabilities:
        add: [SYS_TIME]
        drop: [KILL]
  containers:
  - name: c
    ports:
    - containerPort: 80
    - hostPort: 81
    livenessProbe:
      httpGet:
        host: localhost
    securityContext:
      runAsNonRoot: false
      privileged: true
      seccompProfile:
        type: Unconfined
  volumes:
  - name: v
    hostPath: {path: /}
  securityContext:
    sysctls:
    - name: vm.swappiness
      value: '1'
    seLinuxOptions: {user: u}
";
    let wanted = [
        "hostNamespaces spec.hostNetwork -:4 Explicit",
        "hostPorts spec.hostNetwork c:4 Explicit",
        "hostPorts spec.containers[0].ports[1].hostPort c:16 Explicit",
        "hostProbesAndHostLifecycle spec.containers[0].livenessProbe.httpGet.host c:19 Explicit",
        "privileged spec.containers[0].securityContext.privileged c:22 Explicit",
        "seLinuxOptions spec.securityContext.seLinuxOptions.user -:32 Explicit",
        "sysctls spec.securityContext.sysctls[0].name -:30 Explicit",
        "allowPrivilegeEscalation spec.initContainers[0].securityContext.allowPrivilegeEscalation i:8 Explicit",
        "allowPrivilegeEscalation spec.containers[0].securityContext.allowPrivilegeEscalation c:21 Missing",
        "capabilities_restricted spec.initContainers[0].securityContext.capabilities.drop i:11 Missing",
        "capabilities_restricted spec.containers[0].securityContext.capabilities.drop c:21 Missing",
        "capabilities_restricted spec.initContainers[0].securityContext.capabilities.add[0] i:10 Explicit",
        "restrictedVolumes spec.volumes[0].hostPath -:27 Explicit",
        "runAsNonRoot spec.containers[0].securityContext.runAsNonRoot c:21 Explicit",
        "runAsNonRoot spec.initContainers[0].securityContext.runAsNonRoot i:8 Missing",
        "seccompProfile_restricted spec.containers[0].securityContext.seccompProfile.type c:24 Explicit",
        "seccompProfile_restricted spec.initContainers[0].securityContext.seccompProfile.type i:8 Missing",
    ];
    assert_eq!(sites(manifest, true, "restricted:latest"), wanted);
    let template = sites(manifest, false, "baseline:v1.33");
    let reported = |site: &str| template.iter().any(|found| found == site);
    assert!(reported(wanted[2]) && !reported(wanted[1]) && !reported(wanted[3]));
}

#[test]
fn versions_and_levels_choose_the_checks() {
    let ids = |target: &str| {
        let (level, version) = target.split_once(':').unwrap();
        let active = checks::active(level.parse().unwrap(), version.parse().unwrap());
        active
            .map(|(check, revision)| format!("{}@{}", check.id, revision.since))
            .collect::<Vec<_>>()
    };
    assert!(ids("privileged:latest").is_empty());
    assert_eq!(ids("baseline:v1.33").len(), 11);
    assert_eq!(ids("baseline:v1.34").len(), 12);
    for (version, count) in [
        (0, 12),
        (7, 12),
        (8, 13),
        (18, 13),
        (19, 13),
        (22, 13),
        (23, 14),
        (34, 15),
        (35, 15),
    ] {
        assert_eq!(ids(&format!("restricted:v1.{version}")).len(), count, "{version}");
    }
    assert_eq!(
        ids("restricted:v1.99"),
        [
            "appArmorProfile@0",
            "hostNamespaces@0",
            "hostPorts@0",
            "hostProbesAndHostLifecycle@34",
            "privileged@0",
            "seLinuxOptions@31",
            "sysctls@37",
            "windowsHostProcess@0",
            "allowPrivilegeEscalation@25",
            "capabilities_restricted@25",
            "procMount_restricted@35",
            "restrictedVolumes@0",
            "runAsNonRoot@35",
            "runAsUser@35",
            "seccompProfile_restricted@25",
        ]
    );
    assert_eq!(ids("restricted:latest"), ids("restricted:v1.37"));
}

#[test]
fn a_pass_that_rests_on_a_relaxation_is_known() {
    let manifest = format!(
        "spec: {{hostUsers: false, securityContext: {{runAsUser: 0}}, containers: [{}]}}",
        sound("c", "").replace("runAsNonRoot: true, ", "")
    );
    assert_eq!(
        relaxed(&manifest, "restricted:latest"),
        [
            "runAsNonRoot v1.35 hostUsers: false, before: runAsNonRoot != true (pod or container \"c\" must set \
             securityContext.runAsNonRoot=true)",
            "runAsUser v1.35 hostUsers: false, before: runAsUser=0 (pod must not set runAsUser=0)",
        ]
    );
    assert!(relaxed(&manifest, "restricted:v1.34").is_empty());
    assert_eq!(verdict(&manifest, false, "restricted:latest"), "");
    assert!(verdict(&manifest, false, "restricted:v1.34").contains("runAsUser=0"));
}

/// Check, version, exemption and what was said before, of each pass that rests on a relaxation.
fn relaxed(manifest: &str, target: &str) -> Vec<String> {
    with_pod(manifest, false, |pod| {
        let (level, version) = target.split_once(':').unwrap();
        let policy = Policy {
            level: level.parse().unwrap(),
            version: version.parse().unwrap(),
            server: None,
        };
        let text = |r: &Relaxed| {
            let exemption = r.exemption.map_or("", |exemption| exemption.field());
            format!("{} {} {exemption}, before: {}", r.check, r.since, r.before)
        };
        policy.relaxed(&pod).iter().map(text).collect()
    })
}

#[test]
fn every_kind_of_relaxation_names_its_first_version() {
    let sysctls = |name: &str| {
        format!("spec: {{securityContext: {{sysctls: [{{name: kernel.shm_rmid_forced}}, {{name: {name}}}]}}}}")
    };
    let selinux = "spec: {securityContext: {seLinuxOptions: {type: container_engine_t}}}".to_string();
    let proc = "spec: {hostUsers: false, containers: [{name: c, securityContext: {procMount: Unmasked}}]}".to_string();
    let windows = "spec: {os: {name: windows}, containers: [{name: c, securityContext: {runAsNonRoot: true}}]}";
    let table = [
        (
            sysctls("net.ipv4.ip_local_reserved_ports"),
            "baseline:latest",
            vec!["sysctls v1.27"],
        ),
        (
            sysctls("net.ipv4.tcp_fin_timeout"),
            "baseline:v1.31",
            vec!["sysctls v1.29"],
        ),
        (sysctls("net.ipv4.tcp_wmem"), "restricted:latest", vec!["sysctls v1.32"]),
        (
            sysctls("net.ipv4.tcp_notsent_lowat"),
            "restricted:v1.99",
            vec!["sysctls v1.37"],
        ),
        (
            sysctls("net.ipv4.ip_unprivileged_port_start"),
            "restricted:latest",
            vec![],
        ),
        // What fails rests on nothing.
        (sysctls("vm.swappiness"), "baseline:latest", vec![]),
        (selinux.clone(), "baseline:latest", vec!["seLinuxOptions v1.31"]),
        (selinux, "baseline:v1.30", vec![]),
        (proc.clone(), "baseline:latest", vec!["procMount v1.35"]),
        (proc, "restricted:latest", vec!["runAsNonRoot v1.35"]),
        (
            windows.to_string(),
            "restricted:latest",
            vec![
                "allowPrivilegeEscalation v1.25",
                "capabilities_restricted v1.25",
                "seccompProfile_restricted v1.25",
            ],
        ),
    ];
    for (manifest, target, wanted) in table {
        let found = relaxed(&manifest, target);
        let heads: Vec<String> = found
            .iter()
            .map(|text| text.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(heads, wanted, "{manifest} at {target}");
    }
}

/// An API server knows nothing that came after it, whatever version is asked of it.
#[test]
fn an_older_server_judges_as_its_own_newest_version() {
    let verdict = |manifest: &str, server: u32| {
        with_pod(manifest, false, |pod| {
            let policy = Policy {
                level: Level::Restricted,
                version: PolicyVersion::Latest,
                server: Some(server),
            };
            checks::message(&policy.violations(&pod))
        })
    };
    let of = |fields: &str| format!("spec: {{{fields}, containers: [{}]}}", sound("c", ""));
    let root = of("hostUsers: false, securityContext: {runAsUser: 0}");
    assert_eq!(verdict(&root, 35), "");
    assert_eq!(verdict(&root, 34), "runAsUser=0 (pod must not set runAsUser=0)");
    let sysctl = of("securityContext: {sysctls: [{name: net.ipv4.tcp_wmem}]}");
    assert_eq!(verdict(&sysctl, 32), "");
    assert_eq!(verdict(&sysctl, 31), "forbidden sysctls (net.ipv4.tcp_wmem)");
    let bare = "spec: {containers: [{name: c}]}";
    assert_eq!(verdict(bare, 99), verdict(bare, 37));
    assert_eq!(
        verdict(bare, 0),
        verdict(bare, 37),
        "seccomp is asked of the oldest too"
    );
    let probe = "spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, \
                 livenessProbe: {tcpSocket: {host: x, port: 1}}, securityContext: {allowPrivilegeEscalation: false, \
                 capabilities: {drop: [ALL]}}}]}";
    assert_eq!(verdict(probe, 33), "", "the check came with 1.34");
    assert!(verdict(probe, 34).starts_with("probe or lifecycle host"));
    let user = of("securityContext: {runAsUser: 0}");
    assert!(
        verdict(&user, 20).contains("runAsUser=0"),
        "nothing older than the first that judges"
    );
    let volume = of("volumes: [{name: v, image: {reference: a}}, {name: e}]");
    assert_eq!(verdict(&volume, 33), "");
    let unknown = "restricted volume types (volume \"v\" uses restricted volume type \"unknown\")";
    assert_eq!(verdict(&volume, 32), unknown);
    let windows = "spec: {os: {name: windows}, containers: [{name: c, securityContext: {runAsNonRoot: true}}]}";
    assert_eq!(verdict(windows, 25), "");
    for before_the_exemption in [24, 0] {
        let found = verdict(windows, before_the_exemption);
        assert!(found.starts_with("allowPrivilegeEscalation != false"), "{found}");
    }
}

/// Before 1.30 the API server knew AppArmor by annotations only, and said so in other words.
#[test]
fn an_older_server_sees_only_the_annotations_of_app_armor() {
    let verdict = |manifest: &str, server: u32| {
        with_pod(manifest, true, |pod| {
            let policy = Policy {
                level: Level::Baseline,
                version: PolicyVersion::Latest,
                server: Some(server),
            };
            checks::message(&policy.violations(&pod))
        })
    };
    let field = "spec: {securityContext: {appArmorProfile: {type: Unconfined}}, containers: [{name: c}]}";
    assert_eq!(verdict(field, 29), "");
    assert!(verdict(field, 30).starts_with("forbidden AppArmor profile (pod must not"));
    let annotations = "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/c: unconfined, \
                       container.apparmor.security.beta.kubernetes.io/b: x}}\nspec: {containers: [{name: c}]}";
    assert_eq!(
        verdict(annotations, 29),
        "forbidden AppArmor profiles (container.apparmor.security.beta.kubernetes.io/b=\"x\", \
         container.apparmor.security.beta.kubernetes.io/c=\"unconfined\")"
    );
}

#[test]
fn the_warning_names_the_target_as_declared() {
    let warning = with_pod("spec: {hostPID: true}", false, |pod| {
        let version = PolicyVersion::Minor(99);
        let found = checks::evaluate(Level::Baseline, version, &pod);
        checks::warning("baseline", &version.to_string(), &checks::message(&found))
    });
    assert_eq!(
        warning,
        "would violate PodSecurity \"baseline:v1.99\": host namespaces (hostPID=true)"
    );
}

#[test]
fn what_the_api_server_cannot_decode_is_named() {
    let table = [
        (
            "spec: {containers: {name: c}}",
            "spec.containers: expected a list, found a mapping",
        ),
        (
            "spec: {containers: [c]}",
            "spec.containers[0]: expected a mapping, found a string",
        ),
        (
            "spec: {hostPID: 'true'}",
            "spec.hostPID: expected a boolean, found a string",
        ),
        ("spec: {hostPID: True}", ""),
        (
            "spec: {securityContext: {runAsUser: abc}}",
            "spec.securityContext.runAsUser: expected a whole number, found a string",
        ),
        ("spec: {securityContext: {runAsUser: 1e3}}", ""),
        (
            "spec: {securityContext: {runAsUser: 1.5}}",
            "spec.securityContext.runAsUser: expected a whole number, found a number",
        ),
        (
            "spec: {containers: [{name: 1}]}",
            "spec.containers[0].name: expected a string, found a number",
        ),
        (
            "spec: {containers: [{ports: [{hostPort: 4294967296}]}]}",
            "spec.containers[0].ports[0].hostPort: expected a whole number of 32 bits, found a number",
        ),
        (
            "spec: {containers: [{securityContext: {capabilities: {drop: ALL}}}]}",
            "spec.containers[0].securityContext.capabilities.drop: expected a list, found a string",
        ),
        (
            "spec: {containers: [{securityContext: []}]}",
            "spec.containers[0].securityContext: expected a mapping, found a list",
        ),
        (
            "spec: {volumes: [{nfs: x}, {emptyDir: }, null]}",
            "spec.volumes[0].nfs: expected a mapping, found a string",
        ),
        (
            "{metadata: {annotations: {a: null, b: 1}}, spec: {}}",
            "metadata.annotations.b: expected a string, found a number",
        ),
        ("spec: {os: null, containers: null, unheard: {of: 1}}", ""),
    ];
    for (manifest, wanted) in table {
        let found = with_pod(manifest, false, |pod| {
            let found = harden::kube::schema::wrong_types(&pod);
            found
                .iter()
                .map(|w| format!("{}: {}", w.path, w.what))
                .collect::<Vec<_>>()
                .join("; ")
        });
        assert_eq!(found, wanted, "{manifest}");
    }
}
