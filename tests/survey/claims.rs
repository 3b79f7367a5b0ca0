use harden::survey::Mount;

use super::{pod, shown, survey};

const DEPLOYMENT_IN_A_LIST: &str = "# first
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop}
  spec:
    template:
      spec:
        securityContext: {runAsUser: 999, runAsGroup: 998, fsGroup: 997}
        initContainers:
        - {name: setup, image: busybox, volumeMounts: [{name: other, mountPath: /o}]}
        containers:
        - name: web
          image: nginx:1
          securityContext: {runAsUser: 101}
          volumeMounts: [{name: v, mountPath: /a, readOnly: true}, {name: v, mountPath: /b}, {name: v, mountPath: /c, readOnly: true}]
        - {name: ro, image: x, volumeMounts: [{name: v, mountPath: /a, readOnly: true}]}
        - {name: pvc-ro, image: x, volumeMounts: [{name: w, mountPath: /a}]}
        - {name: block, image: x, volumeDevices: [{name: v, devicePath: /a}]}
        volumes:
        - {name: v, persistentVolumeClaim: {claimName: data}}
        - {name: w, persistentVolumeClaim: {claimName: data, readOnly: true}}
        - {name: other, emptyDir: {}}
";

#[test]
fn a_claim_user_says_who_it_is_and_how_each_container_mounts_the_claim() {
    let survey = survey(&[("k8s/web.yaml", DEPLOYMENT_IN_A_LIST)]);
    let users = survey.claim_users("shop", "data");
    assert_eq!(users.len(), 1, "{users:?}");
    let user = &users[0];
    assert_eq!(shown(&user.place), "k8s/web.yaml:8");
    assert_eq!((user.document, user.item), (0, Some(1)));
    assert_eq!((user.kind, user.name.as_str()), ("Deployment", "web"));
    assert_eq!(
        (user.run_as_user, user.run_as_group, user.fs_group),
        (Some(999), Some(998), Some(997))
    );
    let containers: Vec<_> = user
        .containers
        .iter()
        .map(|c| (c.name.as_str(), c.image.as_str(), c.init, c.run_as_user, c.mount))
        .collect();
    assert_eq!(
        containers,
        [
            ("setup", "busybox", true, None, Mount::None),
            ("web", "nginx:1", false, Some(101), Mount::Writable),
            ("ro", "x", false, None, Mount::ReadOnly),
            ("pvc-ro", "x", false, None, Mount::ReadOnly),
            ("block", "x", false, None, Mount::None),
        ]
    );
}

#[test]
fn claim_users_come_in_the_order_of_path_document_and_item() {
    let two = format!("{}---\n{}", pod("b1", "data"), pod("b2", "data"));
    let survey = survey(&[
        ("b.yaml", &two),
        ("a.yaml", &pod("a", "data")),
        ("c.yaml", &pod("c", "other")),
        ("d.yaml", &pod("d", "data").replace(", namespace: shop", "")),
        // Parts of workloads, by their shape and by a listing.
        ("part.yaml", &pod("part", "data").replace("    image: i\n", "")),
        (
            "empty.yaml",
            &pod("empty", "data").replace("  containers:\n", "  containers: []\n  initContainers:\n"),
        ),
        ("kustomization.yaml", "patches: [{path: patch.yaml}]"),
        ("patch.yaml", &pod("patch", "data")),
        // Named in a kind that carries no pod.
        ("crd.yaml", &pod("crd", "data").replace("kind: Pod", "kind: Other")),
    ]);
    let users = |namespace: &str| -> Vec<_> {
        let users = survey.claim_users(namespace, "data").iter();
        users.map(|user| (user.name.clone(), user.document)).collect()
    };
    let named = |name: &str, document| (name.to_string(), document);
    assert_eq!(users("shop"), [named("a", 0), named("b1", 0), named("b2", 1)]);
    assert_eq!(users(""), [named("d", 0)]);
    assert_eq!(users("else"), []);
}

/// Small texts that stand for huge objects: each container repeated by alias, each with mounts repeated by alias; and
/// many claims times many containers. Neither may take time or memory, and the next document is read all the same.
#[test]
fn bombs_are_left_out() {
    let repeated = |what: &str| vec![what; 5_000].join(", ");
    let aliases = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: bomb, namespace: shop}}\n\
         spec:\n  volumes: [{{name: v, persistentVolumeClaim: {{claimName: data}}}}]\n  \
         initContainers: [&c {{name: c, image: i, volumeMounts: [{}]}}]\n  containers: [{}]\n",
        repeated("{name: v}"),
        repeated("*c"),
    );
    let volumes: Vec<String> = (0..2_000)
        .map(|i| format!("{{name: v{i}, persistentVolumeClaim: {{claimName: data{i}}}}}"))
        .collect();
    let product = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: bomb, namespace: shop}}\nspec:\n  volumes: [{}]\n  containers: [{}]\n",
        volumes.join(", "),
        repeated("{name: c, image: i}"),
    );
    let survey = survey(&[(
        "bomb.yaml",
        &format!("{aliases}---\n{product}---\n{}", pod("small", "data")),
    )]);
    let names: Vec<_> = survey.claim_users("shop", "data").iter().map(|u| &u.name).collect();
    assert_eq!(names, ["small"]);
    assert!(survey.claim_users("shop", "data0").is_empty());
}
