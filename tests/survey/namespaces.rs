use super::{namespace, shown, survey, target};

/// Labels of one manifest, and the target they make.
type Row<'t> = (&'t [(&'t str, &'t str)], Option<&'t str>);

#[test]
fn labels_are_read_as_the_api_server_reads_them() {
    let table: [Row<'_>; 15] = [
        (&[], None),
        (&[("enforce-version", "v1.30")], None),
        (&[("enforce", "baseline")], Some("baseline latest line 7, 0 invalid")),
        (
            &[("enforce", "privileged")],
            Some("privileged latest line 7, 0 invalid"),
        ),
        (&[("warn", "restricted")], Some("restricted latest line 7, 0 invalid")),
        // The strictest of the three decides, with its own version.
        (
            &[
                ("enforce", "baseline"),
                ("warn", "restricted"),
                ("warn-version", "v1.25"),
            ],
            Some("restricted v1.25 line 8, 0 invalid"),
        ),
        (
            &[("enforce", "privileged"), ("audit", "baseline"), ("warn", "privileged")],
            Some("baseline latest line 8, 0 invalid"),
        ),
        (
            &[
                ("enforce", "baseline"),
                ("enforce-version", "v1.9"),
                ("audit", "baseline"),
                ("audit-version", "v1.10"),
            ],
            Some("baseline v1.10 line 9, 0 invalid"),
        ),
        // Invalid: enforce fails closed, warn and audit fail open, a version is the latest.
        (&[("enforce", "strict")], Some("restricted latest line 7, 1 invalid")),
        (&[("enforce", "Baseline")], Some("restricted latest line 7, 1 invalid")),
        (&[("enforce", "true")], Some("restricted latest line 7, 1 invalid")),
        (&[("enforce", "")], Some("restricted latest line 7, 1 invalid")),
        (&[("warn", "strict")], Some("privileged latest line 7, 1 invalid")),
        (
            &[
                ("enforce", "baseline"),
                ("enforce-version", "1.30"),
                ("audit", "strict"),
            ],
            Some("baseline latest line 7, 2 invalid"),
        ),
        (
            &[("enforce", "baseline"), ("enforce-version", "v1.030")],
            Some("baseline latest line 7, 1 invalid"),
        ),
    ];
    for (labels, wanted) in table {
        let survey = survey(&[("ns.yaml", &namespace(labels))]);
        assert_eq!(target(&survey, "shop").as_deref(), wanted, "{labels:?}");
        assert_eq!(survey.namespaces().count(), usize::from(wanted.is_some()));
    }
}

#[test]
fn an_invalid_label_is_quoted_with_its_place_and_effect() {
    let survey = survey(&[("a/ns.yaml", &namespace(&[("enforce", "strict")]))]);
    let remark = &survey.namespace("shop").unwrap().remarks.invalid[0];
    assert_eq!(shown(&remark.place), "a/ns.yaml:7");
    assert_eq!(
        remark.what,
        "pod-security.kubernetes.io/enforce: \"strict\" must be one of privileged, baseline, restricted; \
         the API server refuses it in a new namespace and takes it for restricted in an old one: correct it"
    );
}

/// Nobody is asked for anything, but the API server does not take the label in a new namespace.
#[test]
fn a_version_without_a_level_is_looked_at_too() {
    let survey = survey(&[
        ("a/ns.yaml", &namespace(&[("warn-version", "1.30")])),
        ("b/ns.yaml", &namespace(&[("audit-version", "v1.99")])),
    ]);
    assert!(survey.namespace("shop").is_none());
    let remarks: Vec<_> = survey.label_remarks().collect();
    assert_eq!(shown(&remarks[0].invalid[0].place), "a/ns.yaml:7");
    assert_eq!(
        remarks[0].invalid[0].what,
        "pod-security.kubernetes.io/warn-version: \"1.30\" must be \"latest\" or \"v1.x\"; the API server refuses it in a new \
         namespace and takes it for latest in an old one: correct it"
    );
    assert_eq!(shown(&remarks[0].newer[0].0), "b/ns.yaml:7");
}

#[test]
fn the_strictest_manifest_of_a_name_decides_and_the_others_are_conflicts() {
    let baseline = namespace(&[("enforce", "baseline"), ("enforce-version", "v1.30")]);
    let restricted = namespace(&[("enforce", "restricted")]);
    let survey = survey(&[
        ("z/ns.yaml", &restricted),
        ("y/ns.yaml", &restricted),
        ("b/ns.yaml", &namespace(&[])),
        ("a/ns.yaml", &baseline),
    ]);
    assert_eq!(target(&survey, "shop").unwrap(), "restricted latest line 7, 0 invalid");
    let target = survey.namespace("shop").unwrap();
    assert_eq!(shown(&target.from), "y/ns.yaml:7");
    let conflicts: Vec<_> = target
        .conflicts
        .iter()
        .map(|c| (shown(&c.place), c.what.as_str()))
        .collect();
    assert_eq!(
        conflicts,
        [(
            "a/ns.yaml:7".to_string(),
            "the namespace shop asks for baseline:v1.30 here and for restricted:latest on line 7 of y/ns.yaml, which \
             counts as the strictest; make them agree, or say in `namespaces` of harden.yaml what it is"
        )]
    );
}

#[test]
fn namespaces_are_found_in_every_shape_and_nothing_else_is_one() {
    let plain = namespace(&[("enforce", "baseline")]);
    let label = r#""pod-security.kubernetes.io/enforce": "baseline""#;
    let metadata = format!(r#""metadata": {{"name": "shop", "labels": {{{label}}}}}"#);
    let table = [
        (format!("# c\n---\n{plain}"), true),
        (format!(r#"{{"kind":"Namespace","apiVersion":"v1",{metadata}}}"#), true),
        (
            format!("kind: List\nitems:\n- {{apiVersion: v1, kind: Namespace, {metadata}}}"),
            true,
        ),
        (
            format!("apiVersion: v1\nkind: NamespaceList\nitems:\n- {{{metadata}}}"),
            true,
        ),
        (
            format!("kind: Other\nitems:\n- {{apiVersion: v1, kind: Namespace, {metadata}}}"),
            false,
        ),
        (plain.replace("kind: Namespace", "kind:\n  Namespace"), true),
        (plain.replace('\n', "\r\n"), true),
        // A broken document takes nothing from its neighbours.
        (format!("a: [\n---\n{plain}"), true),
        (format!("{plain}a: [\n"), false),
        (plain.replace("apiVersion: v1", "apiVersion: x/v1"), false),
        (plain.replace("kind: Namespace", "kind: ConfigMap"), false),
        (plain.replace("app: shop", "{{port}}: shop"), false),
        (format!("\0{plain}"), false),
        (format!("#{}", plain.trim_end().replace('\n', "\n#")), false),
    ];
    for (text, wanted) in table {
        let survey = survey(&[("ns.yaml", &text)]);
        assert_eq!(survey.namespace("shop").is_some(), wanted, "{text}");
    }
}
