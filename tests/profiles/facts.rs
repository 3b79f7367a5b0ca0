//! Every variant that was measured is restated by a profile: ids, ports, volumes, paths, the read-only root. Where a
//! profile says something else, it says why here.

use std::fs;

use harden::profiles::{Class, Facts, ImageUser, Library, ReadOnlyRoot, is_within};
use serde_yaml::Value;

use crate::find;
use crate::shared_data::shared;

/// The tag that stands for a variant where its first image without a tag is another one.
#[rustfmt::skip]
const TAGS: &[(&str, &str)] = &[
    ("postgres-debian-le17", "16"), ("postgres-alpine-le17", "16-alpine"), ("postgres-alpine-18plus", "18-alpine"),
    ("redis-alpine", "7-alpine"), ("valkey-alpine", "8-alpine"), ("mariadb-ubi", "11-ubi"), ("mongo", "8"),
    ("rabbitmq-alpine", "4-alpine"), ("nginx-alpine", "1.27-alpine"), ("httpd-alpine", "2.4-alpine"),
    ("haproxy", "3.0"), ("wordpress-fpm", "6-fpm"), ("wordpress-fpm-alpine/cli", "6-fpm-alpine"),
    ("php-apache", "8-apache"), ("php-fpm", "8-fpm"), ("jetty-alpine", "12-alpine"), ("consul-ubi", "1.20-ubi"),
    ("influxdb-2", "2.7"), ("influxdb-1", "1.12"), ("influxdb-3-core", "3-core"), ("distroless", "nonroot"),
    ("gitea-rootless", "1.22-rootless"), ("coredns", "1.12.0"), ("http-echo", "1.0"), ("grafana", "11.1.4"),
    ("nextcloud", "30-apache"), ("drupal", "11-apache"), ("kube-state-metrics", "v2.16.0"),
];

/// Variant, statement, and why the profile says otherwise.
#[rustfmt::skip]
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("redis-debian", "declared_volumes", "only releases before 8 declare /data, which is mounted as a path in all"),
    ("redis-alpine", "declared_volumes", "the same"),
    ("haproxy", "writable_paths", "only where a mounted configuration puts sockets there: advice"),
    ("wordpress-fpm-alpine/cli", "image_user", "two variants: a name in cli alone"),
    ("wordpress-fpm-alpine/cli", "env", "of cli alone"),
    ("tomcat", "writable_paths", "webapps holds what is deployed: advice"),
    ("consul-ubi", "fsGroup", "that of the other variant, as a guess; gid 0 needs no better one"),
    ("traefik", "declared_volumes", "of the scratch variant alone; the path is mounted in all"),
    ("traefik", "writable_paths", "where certificates are kept is the user's choice"),
    ("traefik", "privileged_ports", "80 is the default entry point, unless arguments or a mounted file name others"),
    ("distroless", "feasible", "what the application writes decides"),
    ("chainguard", "image_user", "measured as nonroot, which is a name"),
    ("fluent-bit", "writable_paths", "only configured outputs write: reason of the read-only root"),
    ("nextcloud", "feasible", "no with REDIS_HOST: a condition on the path"),
    ("drupal", "declared_volumes", "a remark: a link, no volume"),
    ("cp-kafka", "image_user", "a name before 8, a number since: a guess"),
    ("elasticsearch", "writable_paths", "plugins are an option, and there is no read-only root"),
    ("pgadmin4", "writable_paths", "moved by a variable under a read-only root"),
    ("pgadmin4", "feasible", "no unless a variable moves the file: the profile sets it"),
    ("node-red", "declared_volumes", "a convention, and a writable path"),
    ("qdrant", "writable_paths", "a file in the working directory; there is no read-only root"),
    ("kong", "writable_paths", "moved by KONG_PREFIX, which the profile sets"),
    ("metrics-server", "privileged_ports", "443 of old releases, unless --secure-port names another, as the manifests do"),
    ("metabase", "writable_paths", "a file in the root directory: advice"),
];

#[test]
fn every_measured_variant_is_restated() {
    let Some(path) = shared("facts/images.yaml") else {
        return;
    };
    let measured: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let variants = measured["images"].as_sequence().unwrap();
    assert!(variants.len() >= 118);
    let library = Library::builtin();
    let mut wrong = Vec::new();
    let mut excused = Vec::new();
    for variant in variants {
        let id = variant["id"].as_str().unwrap();
        let image = variant["images"][0].as_str().unwrap().replace('*', "image");
        let tag = TAGS
            .iter()
            .find(|(name, _)| *name == id)
            .map_or(String::new(), |(_, tag)| format!(":{tag}"));
        let Some(known) = find(&library, &format!("{image}{tag}")) else {
            wrong.push(format!("{id}: no profile"));
            continue;
        };
        for (statement, difference) in differences(variant, &known.facts) {
            match OTHERWISE
                .iter()
                .find(|(name, what, _)| *name == id && *what == statement)
            {
                Some(excuse) => excused.push(excuse),
                None => wrong.push(format!("{id} ({image}{tag}), {statement}: {difference}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    for excuse in OTHERWISE {
        assert!(
            excused.contains(&excuse),
            "there is nothing to excuse any more: {excuse:?}"
        );
    }
}

fn differences(measured: &Value, facts: &Facts) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    ids(measured, facts, &mut found);
    paths(measured, facts, &mut found);
    root(measured, facts, &mut found);
    rest(measured, facts, &mut found);
    found
}

type Found = Vec<(&'static str, String)>;

fn ids(measured: &Value, facts: &Facts, found: &mut Found) {
    let stated = [
        ("uid", &facts.user),
        ("gid", &facts.group),
        ("fsGroup", &facts.fs_group),
    ];
    for (key, fact) in stated {
        let (is, should) = (fact.as_ref().map(|f| u64::from(f.value)), measured[key].as_u64());
        // An image without a user of its own runs under a customary one, which is no more than a guess or a habit.
        let class = fact.as_ref().and_then(|f| f.class);
        let customary = should.is_none() && matches!(class, Some(Class::Guess | Class::Docs)) && key != "fsGroup";
        if is != should && !customary {
            found.push((key, format!("measured {should:?}, stated {is:?}")));
        }
    }
    let user = measured["image_user"].as_str().map(str::to_string);
    let user = user.unwrap_or_else(|| measured["image_user"].as_u64().map_or(String::new(), |n| n.to_string()));
    let should = match user.as_str() {
        named if named.contains("NON-NUMERIC") => ImageUser::Named,
        root if root.starts_with("root") => ImageUser::Root,
        _ => ImageUser::Numeric,
    };
    let is = facts.image_user.as_ref().map(|f| f.value);
    if is != Some(should) {
        found.push(("image_user", format!("measured {user}, stated {is:?}")));
    }
    let any = measured["arbitrary_uid"].as_str().unwrap_or("yes");
    let is = facts.works_under_any_user();
    let is_known = any.starts_with("yes") || any.to_lowercase().starts_with("no");
    if is_known && is != any.starts_with("yes") {
        found.push(("arbitrary_uid", format!("measured {any}, stated {is}")));
    }
}

fn texts<'v>(list: &'v Value, key: Option<&str>) -> Vec<&'v str> {
    let items = list.as_sequence().into_iter().flatten();
    items
        .filter_map(|item| key.map_or(item, |key| &item[key]).as_str())
        .collect()
}

/// Declared volumes and writable paths; remarks behind a path, and alternatives, are left out.
fn paths(measured: &Value, facts: &Facts, found: &mut Found) {
    let volumes = facts.volumes.as_ref().map(|f| f.value.clone()).unwrap_or_default();
    let clean = |text: &str| text.split([' ', '?']).next().unwrap_or("").to_string();
    let is_path = |path: &String| path.starts_with('/') && !path.contains('<');
    for path in texts(&measured["declared_volumes"], None)
        .into_iter()
        .map(clean)
        .filter(is_path)
    {
        if !volumes.contains(&path) {
            found.push(("declared_volumes", format!("{path} is not among {volumes:?}")));
        }
    }
    let known: Vec<&str> = facts.writable.iter().map(|f| f.value.path.as_str()).collect();
    for path in texts(&measured["writable_paths"], Some("path"))
        .into_iter()
        .map(clean)
        .filter(is_path)
    {
        if !known.iter().any(|known| is_within(&path, known)) {
            found.push(("writable_paths", format!("{path} is not among {known:?}")));
        }
    }
}

fn root(measured: &Value, facts: &Facts, found: &mut Found) {
    let root = &measured["read_only_rootfs"];
    let feasible = root["feasible"].as_str().unwrap_or("");
    let is = facts.read_only_root.as_ref();
    let fits = match (feasible.split([' ', '(']).next(), is.map(|f| f.value)) {
        (Some("yes"), Some(ReadOnlyRoot::Recommended | ReadOnlyRoot::Possible)) => true,
        (Some("no"), Some(ReadOnlyRoot::No)) => true,
        // Nobody knows: nothing is said, or it is left to who asks for it.
        (Some("unknown"), None | Some(ReadOnlyRoot::Possible)) => true,
        _ => false,
    };
    if !fits {
        found.push((
            "feasible",
            format!("measured {feasible}, stated {:?}", is.map(|f| f.value)),
        ));
    }
    let evidence = root["evidence"].as_str().unwrap_or("");
    if evidence.starts_with("tested") != (is.and_then(|f| f.class) == Some(Class::Tested)) {
        found.push((
            "evidence",
            format!("measured {evidence}, stated {:?}", is.and_then(|f| f.class)),
        ));
    }
    // What is only guessed may be had on request, and is not recommended.
    if evidence.starts_with("guess") && is.is_some_and(|f| f.value == ReadOnlyRoot::Recommended) {
        found.push(("evidence", format!("measured {evidence}, and recommended")));
    }
}

fn rest(measured: &Value, facts: &Facts, found: &mut Found) {
    let ports: Vec<u64> = measured["privileged_ports"]
        .as_sequence()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    let stated: Vec<u64> = facts
        .ports
        .iter()
        .flat_map(|f| &f.value)
        .map(|port| port.port.into())
        .collect();
    if ports.iter().any(|port| !stated.contains(port)) || (ports.is_empty() && !stated.is_empty()) {
        found.push(("privileged_ports", format!("measured {ports:?}, stated {stated:?}")));
    }
    let must = measured["capabilities"].as_str().unwrap_or("");
    let needs = must.contains("MUST") || must.contains("mandatory") || must.contains("EPERM");
    if needs != facts.capabilities.is_some() {
        found.push((
            "capabilities",
            format!("measured {must}, stated {:?}", facts.capabilities),
        ));
    }
    let set: Vec<&str> = facts.env.iter().map(|f| f.value.name.as_str()).collect();
    let moved = facts.data.as_ref().map(|f| f.value.env.clone());
    for name in measured["env"]
        .as_mapping()
        .into_iter()
        .flat_map(|map| map.keys())
        .filter_map(Value::as_str)
    {
        let told = facts.advice.iter().any(|advice| advice.contains(name));
        let ports = facts.ports.iter().flat_map(|f| &f.value);
        let mut decides = ports.filter_map(|port| port.only_if.no_env.as_deref());
        if decides.any(|decides| decides == name) {
            continue;
        }
        if !set.contains(&name) && moved.as_deref() != Some(name) && !told {
            found.push(("env", format!("{name} is not among {set:?}")));
        }
    }
    let policy = measured["fsGroupChangePolicy"].as_str();
    if policy.is_some() && facts.fs_group_change_policy.is_none() {
        found.push(("fsGroupChangePolicy", format!("measured {policy:?}")));
    }
}
