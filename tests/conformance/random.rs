//! Random pods as YAML in flow syntax: odd names, nulls, wrong-case keys, empty objects, duplicate keys, YAML 1.1
//! spellings, and now and then a value of the wrong type. The same seed gives the same pods everywhere.

use crate::words::{
    ANNOTATION_VALUES, ANNOTATIONS, CAPABILITIES, DROPS, FALSE, HOSTS, LABELS, NAMES, NULLS, PLAIN_NAMES, PORTS,
    PROFILES, SOURCES, SYSCTLS, TRUE, USERS, ZEROES,
};

/// A source of random choices (xorshift64*).
pub(crate) struct Random {
    state: u64,
    /// The pod at hand mostly satisfies `restricted`, so that single faults show.
    sound: bool,
}

type Make = fn(&mut Random) -> String;

/// A field: its key, how often it is there in a wild pod and in a sound one (per cent), its value.
type Field = (&'static str, u32, u32, Make);

const SPEC: &[Field] = &[
    ("hostNetwork", 12, 3, boolean),
    ("hostPID", 12, 3, boolean),
    ("hostIPC", 12, 3, boolean),
    ("hostUsers", 20, 20, boolean),
    ("os", 20, 12, os),
    ("securityContext", 80, 50, pod_context),
    ("initContainers", 50, 50, containers),
    ("containers", 95, 98, containers),
    ("ephemeralContainers", 25, 20, containers),
    ("volumes", 60, 50, volumes),
];

const POD_CONTEXT: &[Field] = &[
    ("runAsNonRoot", 40, 30, non_root),
    ("runAsUser", 40, 20, user),
    ("seccompProfile", 40, 30, profile),
    ("appArmorProfile", 25, 8, profile),
    ("seLinuxOptions", 25, 8, se_linux),
    ("sysctls", 40, 20, sysctls),
    ("windowsOptions", 12, 5, windows),
    ("supplementalGroups", 5, 5, numbers),
];

const CONTAINER: &[Field] = &[
    ("name", 97, 98, name),
    ("securityContext", 85, 98, context),
    ("ports", 30, 15, ports),
    ("livenessProbe", 12, 6, handler),
    ("readinessProbe", 12, 6, handler),
    ("startupProbe", 8, 6, handler),
    ("lifecycle", 15, 6, lifecycle),
];

const CONTEXT: &[Field] = &[
    ("allowPrivilegeEscalation", 60, 97, escalation),
    ("capabilities", 60, 97, capabilities),
    ("privileged", 25, 5, boolean),
    ("procMount", 20, 8, proc_mount),
    ("runAsNonRoot", 40, 92, non_root),
    ("runAsUser", 35, 20, user),
    ("seccompProfile", 40, 92, profile),
    ("appArmorProfile", 20, 8, profile),
    ("seLinuxOptions", 20, 8, se_linux),
    ("windowsOptions", 12, 5, windows),
];

/// A pod: `{metadata: ..., spec: ...}`.
pub(crate) fn pod(random: &mut Random) -> String {
    random.sound = random.chance(60);
    let metadata = if random.chance(50) {
        format!("metadata: {}, ", metadata(random))
    } else {
        String::new()
    };
    format!("{{{metadata}spec: {}}}", object(random, SPEC))
}

fn metadata(r: &mut Random) -> String {
    let entries: Vec<String> = (0..r.below(4))
        .map(|_| {
            let key = if r.chance(20) {
                "seccomp.security.alpha.kubernetes.io/pod".to_string()
            } else {
                format!("{}{}", r.pick(ANNOTATIONS), r.pick(NAMES))
            };
            let value = if r.chance(5) {
                (*r.pick(NULLS)).to_string()
            } else {
                choice(r, ANNOTATION_VALUES)
            };
            format!("{}: {value}", quoted(&key))
        })
        .collect();
    format!("{{annotations: {{{}}}}}", entries.join(", "))
}

/// An object with some of its fields; null, misspelt, doubled or of a wrong type now and then.
fn object(r: &mut Random, fields: &[Field]) -> String {
    let mut entries = Vec::new();
    for (key, wild, sound, make) in fields {
        let share = if r.sound { *sound } else { *wild };
        if !r.chance(share) {
            continue;
        }
        if r.in_thousand(4) {
            entries.push(format!("{key}: {}", make(r)));
        }
        let key = if r.in_thousand(12) {
            misspelt(r, key)
        } else {
            (*key).to_string()
        };
        let value = match r.below(1000) {
            0..30 => (*r.pick(NULLS)).to_string(),
            30..32 => (*r.pick(&[
                "[]", "{}", "x", "'true'", "7", "1.5", "true", "[[1]]", "!!str 0", "1e99",
            ]))
            .to_string(),
            _ => make(r),
        };
        entries.push(format!("{key}: {value}"));
    }
    format!("{{{}}}", entries.join(", "))
}

fn misspelt(r: &mut Random, key: &str) -> String {
    match r.below(3) {
        0 => key.to_lowercase(),
        1 => key.to_uppercase(),
        _ => key[..1].to_uppercase() + &key[1..],
    }
}

fn list(r: &mut Random, most: u64, make: Make) -> String {
    let items: Vec<String> = (0..r.below(most + 1))
        .map(|_| if r.in_thousand(12) { "null".to_string() } else { make(r) })
        .collect();
    format!("[{}]", items.join(", "))
}

fn containers(r: &mut Random) -> String {
    list(r, 3, |r| object(r, CONTAINER))
}

fn context(r: &mut Random) -> String {
    object(r, CONTEXT)
}

fn pod_context(r: &mut Random) -> String {
    object(r, POD_CONTEXT)
}

fn volumes(r: &mut Random) -> String {
    list(r, 4, |r| {
        let sound = r.sound;
        let sources: Vec<String> = (0..*r.pick(&[0, 1, 1, 1, 1, 1, 1, 2]))
            .map(|_| {
                let pool = if sound && r.chance(80) { &SOURCES[..9] } else { SOURCES };
                let value = if r.chance(4) { "null" } else { "{}" };
                format!(", {}: {value}", r.pick(pool))
            })
            .collect();
        format!("{{name: {}{}}}", name(r), sources.concat())
    })
}

fn capabilities(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("add", 50, 12, added), ("drop", 70, 98, dropped)];
    object(r, FIELDS)
}

fn added(r: &mut Random) -> String {
    list(r, 3, |r| choice(r, CAPABILITIES))
}

fn dropped(r: &mut Random) -> String {
    if r.mostly_sound() {
        "[ALL]".to_string()
    } else {
        list(r, 3, |r| choice(r, DROPS))
    }
}

fn profile(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("type", 90, 98, profile_type), ("localhostProfile", 10, 5, name)];
    object(r, FIELDS)
}

fn profile_type(r: &mut Random) -> String {
    if r.mostly_sound() {
        "RuntimeDefault".to_string()
    } else {
        choice(r, PROFILES)
    }
}

fn se_linux(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[
        ("type", 60, 60, label),
        ("user", 25, 10, label),
        ("role", 25, 10, label),
        ("level", 25, 25, label),
    ];
    object(r, FIELDS)
}

fn label(r: &mut Random) -> String {
    choice(r, LABELS)
}

fn windows(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("hostProcess", 70, 50, boolean), ("runAsUserName", 20, 20, name)];
    object(r, FIELDS)
}

fn sysctls(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("name", 97, 98, sysctl), ("value", 80, 80, name)];
    list(r, 3, |r| object(r, FIELDS))
}

fn sysctl(r: &mut Random) -> String {
    choice(r, SYSCTLS)
}

fn ports(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[
        ("containerPort", 90, 95, port),
        ("hostPort", 60, 30, port),
        ("name", 10, 10, name),
    ];
    list(r, 3, |r| object(r, FIELDS))
}

fn port(r: &mut Random) -> String {
    (*r.pick(PORTS)).to_string()
}

fn lifecycle(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("postStart", 60, 60, handler), ("preStop", 60, 60, handler)];
    object(r, FIELDS)
}

fn handler(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[
        ("httpGet", 50, 50, address),
        ("tcpSocket", 50, 50, address),
        ("exec", 15, 15, empty),
    ];
    object(r, FIELDS)
}

fn address(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("host", 60, 25, host), ("port", 80, 80, port)];
    object(r, FIELDS)
}

fn host(r: &mut Random) -> String {
    choice(r, HOSTS)
}

fn empty(_: &mut Random) -> String {
    "{}".to_string()
}

fn os(r: &mut Random) -> String {
    const FIELDS: &[Field] = &[("name", 95, 95, os_name)];
    object(r, FIELDS)
}

fn os_name(r: &mut Random) -> String {
    choice(r, &["windows", "windows", "linux", "Windows", ""])
}

fn proc_mount(r: &mut Random) -> String {
    choice(r, &["Default", "Unmasked", "Unmasked", "default", ""])
}

fn boolean(r: &mut Random) -> String {
    let words = if r.chance(50) { TRUE } else { FALSE };
    (*r.pick(words)).to_string()
}

fn escalation(r: &mut Random) -> String {
    if r.mostly_sound() {
        "false".to_string()
    } else {
        boolean(r)
    }
}

fn non_root(r: &mut Random) -> String {
    if r.mostly_sound() {
        "true".to_string()
    } else {
        boolean(r)
    }
}

fn user(r: &mut Random) -> String {
    let zero = r.chance(if r.sound { 8 } else { 40 });
    (*r.pick(if zero { ZEROES } else { USERS })).to_string()
}

fn numbers(r: &mut Random) -> String {
    list(r, 2, user)
}

fn name(r: &mut Random) -> String {
    if r.chance(10) {
        return (*r.pick(PLAIN_NAMES)).to_string();
    }
    choice(r, NAMES)
}

/// One of the texts, in one of the ways to write it.
fn choice(r: &mut Random, texts: &[&str]) -> String {
    let text = *r.pick(texts);
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
        && !["null", "true"].contains(&text);
    match r.below(3) {
        0 if plain => text.to_string(),
        1 if text
            .chars()
            .all(|c| c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation()) =>
        {
            format!("'{}'", text.replace('\'', "''"))
        }
        _ => quoted(text),
    }
}

/// In double quotes, with everything that a manifest may not hold as it is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() || matches!(code, 0x2028 | 0x2029) => quoted.push_str(&format!("\\u{code:04x}")),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            sound: false,
        }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn chance(&mut self, per_cent: u32) -> bool {
        self.below(100) < u64::from(per_cent)
    }

    fn in_thousand(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    fn mostly_sound(&mut self) -> bool {
        self.sound && self.chance(93)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len() as u64);
        &from[usize::try_from(index).unwrap()]
    }
}
