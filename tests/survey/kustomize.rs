use std::path::Path;

use super::{SERVICE, namespace, pod, shown, survey};

#[test]
fn files_listed_as_patches_are_known_by_their_first_listing() {
    let prod = "resources: [../../base]\n\
        patches:\n- path: web.yaml\n- patch: |\n    kind: Deployment\n- path: ./sub/../sub/db.yaml\n  target: {kind: Pod}\n\
        patchesStrategicMerge:\n- ../shared/old.yaml\n- |-\n  kind: Deployment\n\
        patchesJson6902:\n- path: json.yaml\n";
    let survey = survey(&[
        ("overlays/prod/kustomization.yaml", prod),
        (
            "overlays/test/kustomization.yml",
            "patches:\n- path: ../prod/web.yaml\n- path: ../../../out.yaml\n",
        ),
        (
            "overlays/x/other.yaml",
            "kind: Kustomization\npatches:\n- path: no.yaml\n",
        ),
        ("chart/Chart.yaml", ""),
        ("chart/templates/kustomization.yaml", "patches:\n- path: no.yaml\n"),
        ("broken/kustomization.yaml", "patches:\n- path: no.yaml\n  - [\n"),
    ]);
    let table = [
        ("overlays/prod/web.yaml", Some("overlays/prod/kustomization.yaml:3")),
        ("overlays/prod/sub/db.yaml", Some("overlays/prod/kustomization.yaml:6")),
        ("overlays/shared/old.yaml", Some("overlays/prod/kustomization.yaml:9")),
        ("overlays/prod/json.yaml", Some("overlays/prod/kustomization.yaml:13")),
        ("out.yaml", None),
        ("base", None),
        ("overlays/x/no.yaml", None),
        ("chart/templates/no.yaml", None),
        ("broken/no.yaml", None),
    ];
    for (path, wanted) in table {
        let found = survey.patched_by(Path::new(path)).map(shown);
        assert_eq!(found.as_deref(), wanted, "{path}");
    }
}

#[test]
fn a_kustomization_gives_its_namespace_to_what_it_lists() {
    let survey = survey(&[
        (
            "own/kustomization.yaml",
            "namespace: own\nresources: [web.yaml, ./sub/db.yaml]\n",
        ),
        // The base has none; its only overlay does, by way of a component.
        ("base/kustomization.yaml", "resources:\n- web.yaml\n"),
        ("comp/kustomization.yaml", "kind: Component\nresources: [../base]\n"),
        ("over/kustomization.yaml", "namespace: over\ncomponents:\n- ../comp/\n"),
        // Two overlays that differ.
        ("two/kustomization.yaml", "resources: [web.yaml]\n"),
        ("dev/kustomization.yaml", "namespace: dev\nbases: [../two]\n"),
        ("prod/kustomization.yaml", "namespace: prod\nbases: [../two]\n"),
        // Built with a namespace and without.
        ("half/kustomization.yaml", "resources: [web.yaml]\n"),
        ("with/kustomization.yaml", "namespace: with\nresources: [../half]\n"),
        ("without/kustomization.yaml", "namespace: ''\nresources: [../half]\n"),
        // The nearest wins over what is further out.
        ("near/kustomization.yaml", "namespace: near\nresources: [web.yaml]\n"),
        ("far/kustomization.yaml", "namespace: far\nresources: [../near]\n"),
        // A cycle is an error elsewhere and must only end here.
        ("c1/kustomization.yaml", "resources: [../c2, web.yaml]\n"),
        ("c2/kustomization.yaml", "resources: [../c1]\n"),
        (
            "url/kustomization.yaml",
            "namespace: url\nresources: ['https://x/y?ref=1', /abs.yaml, ../../up.yaml, 5]\n",
        ),
    ]);
    let table = [
        ("own/web.yaml", Some("own")),
        ("own/sub/db.yaml", Some("own")),
        ("own/other.yaml", None),
        ("base/web.yaml", Some("over")),
        ("two/web.yaml", None),
        ("half/web.yaml", None),
        ("near/web.yaml", Some("near")),
        ("c1/web.yaml", None),
        ("abs.yaml", None),
        ("up.yaml", None),
    ];
    for (path, wanted) in table {
        assert_eq!(survey.kustomize_namespace(Path::new(path)), wanted, "{path}");
    }
    let of = |path: &str, declared| survey.namespace_of(Path::new(path), declared).to_string();
    assert_eq!(of("own/web.yaml", Some("x")), "own");
    assert_eq!(of("two/web.yaml", Some("x")), "x");
    assert_eq!(of("two/web.yaml", None), "");
}

#[test]
fn kustomize_renames_the_namespace_manifest_and_moves_claims_and_services() {
    let survey = survey(&[
        (
            "k/kustomization.yaml",
            "namespace: live\nresources: [ns.yaml, web.yaml, svc.yaml]\n",
        ),
        ("k/ns.yaml", &namespace(&[("enforce", "baseline")])),
        ("k/web.yaml", &pod("web", "data")),
        ("k/svc.yaml", SERVICE),
    ]);
    assert!(survey.namespace("shop").is_none());
    assert_eq!(survey.namespace("live").unwrap().name, "live");
    assert_eq!(survey.claim_users("live", "data").len(), 1);
    assert_eq!(survey.claim_users("shop", "data").len(), 0);
    assert_eq!(survey.service_ports("live", &[("app", "web")]).len(), 2);
}

/// As many as would overflow the stack if they were followed by recursion.
#[test]
fn a_long_chain_of_kustomizations_is_followed_to_its_end() {
    let files: Vec<(String, String)> = (0..10_000)
        .map(|i| {
            (
                format!("{i}/kustomization.yaml"),
                format!("resources: [../{}, web.yaml]\n", i + 1),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    files.push(("top/kustomization.yaml", "namespace: top\nresources: [../0]\n"));
    let survey = survey(&files);
    assert_eq!(survey.kustomize_namespace(Path::new("9999/web.yaml")), Some("top"));
}
